/** Authentication context classes: something one knows or has, and more than one of them. */
export const ACR = { single: 'urn:latchkey:acr:1fa', multiple: 'urn:latchkey:acr:2fa' } as const;
