import { join } from 'node:path';

/** The settings that name files nobody else may reach. */
export interface FileSettings {
  readonly http: { readonly tls: { readonly from: string; readonly keyFile: string } };
  readonly signingKeys: { readonly folder: string; readonly masterKey?: unknown };
  readonly storage: {
    readonly state: { readonly engine: string };
    readonly records: { readonly engine: string };
    readonly embedded: { readonly file: string };
  };
}

/** Files of `settings` in use that hold something secret, each with the setting that names it. */
export function privateFilesOf({
  http,
  signingKeys,
  storage,
}: FileSettings): readonly { readonly setting: string; readonly path: string }[] {
  const { state, records, embedded } = storage;
  const isEmbedded = state.engine === 'embedded' || records.engine === 'embedded';
  return [
    ...(isEmbedded ? [{ setting: 'storage.embedded.file', path: embedded.file }] : []),
    ...(http.tls.from === 'files' ? [{ setting: 'http.tls.keyFile', path: http.tls.keyFile }] : []),
    ...(signingKeys.masterKey === undefined
      ? [{ setting: 'signingKeys.folder', path: join(signingKeys.folder, 'master.key') }]
      : []),
  ];
}
