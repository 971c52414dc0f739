/**
 * Makes a certificate for the embedded event store on loopback, with node:crypto. The certificate is self-signed, so a
 * client that names its file trusts it. RFC 5280 states the fields, X.690 their encoding.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** The certificate in PEM. The server presents it, and a client trusts it (`tlsCAFile`). */
  readonly certificate: string;
  /** The private key in PEM, PKCS #8. */
  readonly privateKey: string;
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  generalizedTime: 0x18,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
};

const OID = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  subjectAltName: '551d11',
  serverAuth: '2b06010505070301',
};

/** Writes one DER value: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);
const oid = (hex: string): Buffer => der(TAG.oid, Buffer.from(hex, 'hex'));
const bitString = (bits: Buffer, unusedBits = 0): Buffer =>
  der(TAG.bitString, Buffer.from([unusedBits]), bits);
/** A member with tag [n] of a structure, around its value. */
const tagged = (n: number, content: Buffer): Buffer => der(0xa0 + n, content);
/** A general name with tag [n] of a SubjectAltName. */
const generalName = (n: number, content: Buffer): Buffer => der(0x80 + n, content);

const critical = der(TAG.boolean, Buffer.from([0xff]));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), der(TAG.octetString, value));
const criticalExtension = (id: string, value: Buffer): Buffer =>
  sequence(oid(id), critical, der(TAG.octetString, value));

/** The certificate stands for a server of this machine only, by address or name, and cannot sign other certificates. */
const EXTENSIONS = sequence(
  criticalExtension(OID.basicConstraints, sequence()),
  criticalExtension(OID.keyUsage, bitString(Buffer.from([0x80]), 7)),
  extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
  extension(
    OID.subjectAltName,
    sequence(
      generalName(2, Buffer.from('localhost')),
      generalName(7, Buffer.from([127, 0, 0, 1])),
      generalName(7, Buffer.from([...Array<number>(15).fill(0), 1])),
    ),
  ),
);

/**
 * The end that RFC 5280 (4.1.2.5) defines as "no well-defined expiration". So the certificate does not expire, even
 * with a wrong clock.
 */
const VALIDITY = sequence(
  der(TAG.utcTime, Buffer.from('200101000000Z')),
  der(TAG.generalizedTime, Buffer.from('99991231235959Z')),
);

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** Makes a key (P-256) and its certificate for `localhost`, 127.0.0.1 and ::1. */
export function makeLoopbackCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const name = sequence(
    der(TAG.set, sequence(oid(OID.commonName), der(TAG.utf8, Buffer.from('Docket event store')))),
  );
  const serial = randomBytes(16);
  // A serial number is positive and has no leading zero byte.
  serial[0] = 0x40 | ((serial[0] as number) & 0x3f);
  const toBeSigned = sequence(
    tagged(0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    algorithm,
    name,
    VALIDITY,
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(3, EXTENSIONS),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  return {
    certificate: pem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature))),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}
