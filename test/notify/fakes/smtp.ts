import type { AddressInfo } from 'node:net';

import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

import { CANARY } from './services.js';

export type SmtpFault = 'busy' | 'down' | 'denied' | 'rejected' | 'hang';

/** A mail server on loopback, without TLS, that wants a password. */
export interface SmtpFake {
  readonly port: number;
  readonly mails: { readonly parsed: ParsedMail; readonly raw: string; readonly to: readonly string[] }[];
  fault: SmtpFault | undefined;
  close(): Promise<void>;
}

export async function startSmtpFake(): Promise<SmtpFake> {
  const refusal = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 10,
    onConnect: (_, callback) => {
      if (fake.fault !== 'hang') callback();
    },
    onAuth: ({ password }, _, callback) => {
      if (fake.fault === 'denied' || password !== CANARY.key) callback(refusal(535, `5.7.8 refused: ${password ?? ''}`));
      else callback(null, { user: 'runback' });
    },
    onMailFrom: (_, __, callback) =>
      callback(
        fake.fault === 'busy' ? refusal(450, '4.7.1 too many mails, try later') : fake.fault === 'down' ? refusal(421, '4.3.2 shutting down') : null,
      ),
    onRcptTo: (_, __, callback) => callback(fake.fault === 'rejected' ? refusal(550, '5.1.1 no such person') : null),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        void simpleParser(raw).then((parsed) => {
          fake.mails.push({ parsed, raw: raw.toString('utf8'), to: session.envelope.rcptTo.map(({ address }) => address) });
          callback(null, '2.0.0 queued as 4711');
        }, callback);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const fake: SmtpFake = {
    port: (server.server.address() as AddressInfo).port,
    mails: [],
    fault: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return fake;
}
