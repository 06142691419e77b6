// Encrypted connections.
import { section } from '../directive.ts';
import { INT_MAX, integer } from '../kinds/numbers.ts';
import { oneOf, text, yesNo } from '../kinds/scalars.ts';

const path = () => text({ isUnsetByEmpty: true, summary: 'path' });
const optional = () => text({ isUnsetByEmpty: true });

export const tls = section('tls', 'TLS', {
  'tls-port': {
    kind: integer({ min: 0, max: 65_535 }),
    default: '0',
    status: 'later',
    warns: true,
    doc: 'TCP port for encrypted connections. `0` opens none.',
  },
  'tls-cert-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: "File with the server's certificate.",
  },
  'tls-key-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: "File with the server's private key.",
  },
  'tls-key-file-pass': {
    kind: optional(),
    default: '',
    sensitive: true,
    status: 'later',
    doc: "Password of the server's private key.",
  },
  'tls-client-cert-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: 'File with the certificate for connections to other servers.',
  },
  'tls-client-key-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: 'File with the private key for connections to other servers.',
  },
  'tls-client-key-file-pass': {
    kind: optional(),
    default: '',
    sensitive: true,
    status: 'later',
    doc: 'Password of that private key.',
  },
  'tls-dh-params-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: 'File with Diffie-Hellman parameters, for old versions of TLS.',
  },
  'tls-ca-cert-file': {
    kind: path(),
    default: '',
    status: 'later',
    doc: 'File with the certificates of authorities to trust.',
  },
  'tls-ca-cert-dir': {
    kind: path(),
    default: '',
    status: 'later',
    doc: 'Directory with the certificates of authorities to trust.',
  },
  'tls-auth-clients': {
    kind: oneOf('no', 'yes', 'optional'),
    default: 'yes',
    status: 'later',
    doc: 'Whether clients must show a certificate.',
  },
  'tls-replication': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Encrypt the connection of a replica to its master.',
  },
  'tls-cluster': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: 'Encrypt the cluster bus.',
  },
  'tls-protocols': {
    kind: optional(),
    default: '',
    status: 'later',
    doc: 'Versions of TLS that are accepted. Empty accepts 1.2 and 1.3.',
  },
  'tls-ciphers': {
    kind: optional(),
    default: '',
    status: 'later',
    doc: 'Ciphers for TLS 1.2, in the notation of OpenSSL.',
  },
  'tls-ciphersuites': {
    kind: optional(),
    default: '',
    status: 'later',
    doc: 'Cipher suites for TLS 1.3, in the notation of OpenSSL.',
  },
  'tls-prefer-server-ciphers': {
    kind: yesNo(),
    default: 'no',
    status: 'later',
    doc: "Choose ciphers in the server's order rather than the client's.",
  },
  'tls-session-caching': {
    kind: yesNo(),
    default: 'yes',
    status: 'later',
    doc: 'Let clients resume TLS sessions.',
  },
  'tls-session-cache-size': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '20480',
    status: 'later',
    doc: 'TLS sessions that can be resumed. `0` sets no limit.',
  },
  'tls-session-cache-timeout': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '300',
    status: 'later',
    doc: 'Seconds for which a TLS session can be resumed.',
  },
});
