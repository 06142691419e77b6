// Whether the server of this container answers, for Docker's HEALTHCHECK: exit code 0 if it does.
//   node scripts/healthcheck.mjs
// Where it listens is what Linux says of the container's processes, so no port or configuration
// needs to be known here. A server that asks for a password is up; one that leaves PING without an
// answer for 2 s is not.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

const TIMEOUT_MS = 2000;
/** Whom the image's entrypoint runs the server as; only the same user may see its sockets. */
const USER = 'synap';
/** Codes of LISTEN in /proc/net/tcp, and of a listening socket's flags in /proc/net/unix. */
const TCP_LISTEN = '0A';
const UNIX_LISTEN = '00010000';
/** What a process that ended meanwhile, or that is another user's, answers. */
const OUT_OF_REACH = new Set(['ENOENT', 'ESRCH', 'EACCES']);

if (process.getuid() === 0 && hasUser(USER)) {
  process.setgroups([]);
  process.setgid(USER);
  process.setuid(USER);
}
const sockets = socketsOfProcesses();
const places = [...tcpPlaces('tcp'), ...tcpPlaces('tcp6'), ...unixPlaces()]
  .filter(({ inode }) => sockets.has(inode))
  .map(({ place }) => place);
const failures = [];
for (const place of places) {
  const answer = await ping(place);
  if (answer === '+PONG\r\n' || answer.startsWith('-NOAUTH ')) process.exit(0);
  failures.push(`${JSON.stringify(place)}: ${answer.trimEnd()}`);
}
process.stderr.write(`unhealthy: ${failures.join('; ') || 'no process listens'}\n`);
process.exit(1);

function hasUser(name) {
  return new RegExp(`^${name}:`, 'm').test(readFileSync('/etc/passwd', 'utf8'));
}

/** Inodes of the sockets that the processes in reach have open. */
function socketsOfProcesses() {
  const inodes = new Set();
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const directory = `/proc/${id}/fd`;
    for (const descriptor of inReach(() => readdirSync(directory)) ?? []) {
      const target = inReach(() => readlinkSync(`${directory}/${descriptor}`)) ?? '';
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
      if (inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

function inReach(read) {
  try {
    return read();
  } catch (error) {
    if (OUT_OF_REACH.has(error.code)) return undefined;
    throw error;
  }
}

/** Where TCP sockets listen: /proc/net/tcp and /proc/net/tcp6, see proc(5). */
function tcpPlaces(table) {
  return rowsOf(table)
    .filter((columns) => columns[3] === TCP_LISTEN)
    .map((columns) => {
      const [address, port] = columns[1].split(':');
      const place = { host: hostOf(address), port: Number.parseInt(port, 16) };
      return { inode: columns[9], place };
    });
}

/** Where unix sockets listen; one without a path in the file system has no name to connect to. */
function unixPlaces() {
  return rowsOf('unix')
    .filter((columns) => columns[3] === UNIX_LISTEN && columns[7]?.startsWith('/'))
    .map((columns) => ({ inode: columns[6], place: { path: columns.slice(7).join(' ') } }));
}

/** Rows of a table in /proc/net, without its heading; none where the kernel has no such table. */
function rowsOf(table) {
  const text = inReach(() => readFileSync(`/proc/net/${table}`, 'utf8')) ?? '';
  const lines = text.trimEnd().split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/));
}

/** An address to connect to, from hexadecimal 32-bit words in the machine's byte order. */
function hostOf(hexadecimal) {
  if (/^0+$/.test(hexadecimal)) return hexadecimal.length === 8 ? '127.0.0.1' : '::1';
  const bytes = hexadecimal
    .match(/.{8}/g)
    .flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i] * 256 + bytes[i + 1]).toString(16));
  return groups.join(':');
}

/** The answer to PING, or what went wrong instead. */
function ping(place) {
  return new Promise((resolve) => {
    const socket = connect(place, () => socket.write('PING\r\n'));
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.setTimeout(TIMEOUT_MS, () => done(`no answer within ${TIMEOUT_MS} ms`));
    socket.on('error', (error) => done(error.message));
    socket.on('end', () => done(`closed the connection ${answer}`));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      if (answer.endsWith('\r\n')) done(answer);
    });
  });
}
