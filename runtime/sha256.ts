import { hash } from 'node:crypto';

/** The SHA-256 of bytes, or of the UTF-8 of a text, in lower-case hex: 64 characters. */
export const sha256 = (content: Buffer | string): string => hash('sha256', content, 'hex');
