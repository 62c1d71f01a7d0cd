import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export type Mail = { to: string; id: string; subject: string; text: string };

/** A mail server (RFC 5321) that keeps what it accepts, or refuses it all while `refusal` is set. */
export class MailServer {
  readonly mails: Mail[] = [];
  refusal = '';
  readonly #server = createServer((socket) => void this.#serve(socket));

  static async start(): Promise<MailServer> {
    const mail = new MailServer();
    await once(mail.#server.listen(0, '127.0.0.1'), 'listening');
    return mail;
  }

  /** What --smtp-url takes. */
  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}?from=clientele@demo.example`;
  }

  stop(): void {
    this.#server.close();
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => {}); // who sends may hang up
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 mail.demo.example');
    let to = '';
    let message: string[] | undefined;
    for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
      if (message) {
        if (line !== '.') {
          message.push(line.replace(/^\./, ''));
          continue;
        }
        this.mails.push({ to, ...read(message.join('\n')) });
        message = undefined;
        say('250 accepted');
      } else if (line.startsWith('RCPT')) {
        to = line.match(/<(.*)>/)![1];
        say(this.refusal || '250 ok');
      } else if (line === 'DATA') {
        message = [];
        say('354 go on');
      } else if (line === 'QUIT') {
        say('221 bye');
        socket.end();
      } else {
        say('250 ok');
      }
    }
  }
}

/** Reads a message in quoted-printable (RFC 2045). */
function read(message: string): Omit<Mail, 'to'> {
  const [head, ...body] = message.split('\n\n');
  const header = (name: string) => head.match(new RegExp(`^${name}: (.*)$`, 'im'))?.[1] ?? '';
  const plain = body.join('\n\n').replace(/=\n/g, '');
  const text = Buffer.from(plain.replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))), 'latin1').toString();
  return { id: header('Message-ID'), subject: header('Subject'), text };
}
