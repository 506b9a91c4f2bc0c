import { encode } from 'uqr';
import type { QrCode } from './totp.ts';

/** Modules of white around the code (ISO/IEC 18004 asks for four). */
const QUIET = 4;

/** `text` as a QR code. A page draws it dark on white, in dark mode too: cameras expect that. */
export function qrCodeOf(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  return { size, path: data.map(rowPath).join('') };
}

/** Every run of dark modules as one rectangle. */
function rowPath(row: readonly boolean[], y: number): string {
  const line = row.map((isDark) => (isDark ? '1' : '0')).join('');
  return [...line.matchAll(/1+/g)]
    .map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`)
    .join('');
}
