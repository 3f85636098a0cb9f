// A small SMSC: npm's `smpp` is the codec, the behaviour is ours. It lives as long as its standard input is open.
//
// The last two digits of a number choose what becomes of its texts (see OUTCOMES); standard input takes one command a line
// ({"reply": {"from", "to", "text"}} or {"line": "cut" | "down" | "up"}), standard output gives one event a line.
'use strict';

const readline = require('readline');
const smpp = require('smpp');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

// status: the answer to submit_sm; then: the receipts that follow, in order
const OUTCOMES = {
  99: { status: smpp.ESME_RINVDSTADR, then: [] },
  98: { status: smpp.ESME_RTHROTTLED, then: [] },
  97: { status: smpp.ESME_RMSGQFUL, then: [] },
  96: { status: smpp.ESME_RSYSERR, then: [] },
  95: { status: 0, then: ['UNDELIV'], error: '027' },
  94: { status: 0, then: ['EXPIRED'] },
  93: { status: 0, then: ['REJECTD'] },
  92: { status: 0, then: ['DELIVRD', 'DELIVRD'] },
  91: { status: 0, then: ['ACCEPTD'] },
  90: { status: 0, then: ['DELIVRD'], reply: '退订' },
  89: { status: 0, then: [] },
};
const DELIVERED = { status: 0, then: ['DELIVRD'] };

let counter = 0;
let esme = null;
let down = false;

const decoded = (pdu) => {
  const message = pdu.short_message && pdu.short_message.message !== undefined ? pdu.short_message.message : '';
  return Buffer.isBuffer(message) ? message.toString(pdu.data_coding === 8 ? 'utf16le' : 'latin1') : message;
};

const receipt = (session, pdu, id, state, error) => {
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message:
      `id:${id} sub:001 dlvrd:${state === 'DELIVRD' ? '001' : '000'} ` +
      `submit date:2611220900 done date:2611220900 stat:${state} err:${error || '000'} text:`,
  });
};

const reply = (session, from, to, text) => {
  const message = Buffer.from(text, 'utf16le').swap16();
  session.deliver_sm({ source_addr: from, destination_addr: to, esm_class: 0, data_coding: 8, short_message: message });
};

const taken = (session, pdu) => {
  const outcome = OUTCOMES[pdu.destination_addr.slice(-2)] || DELIVERED;
  const id = String(++counter);
  const header = pdu.short_message && pdu.short_message.udh ? pdu.short_message.udh.map((part) => part.toString('hex')) : [];
  say({
    event: 'submit', id, to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding,
    wants_receipt: pdu.registered_delivery & 1, udh: header, text: decoded(pdu), status: outcome.status,
  });
  session.send(pdu.response({ message_id: id, command_status: outcome.status }));
  if (outcome.status !== 0) return;
  if (pdu.registered_delivery & 1) {
    outcome.then.forEach((state, at) => setTimeout(() => receipt(session, pdu, id, state, outcome.error), 20 * (at + 1)));
  }
  if (outcome.reply) setTimeout(() => reply(session, pdu.destination_addr, pdu.source_addr, outcome.reply), 40);
};

const server = smpp.createServer((session) => {
  session.on('error', () => session.destroy());
  if (down) { session.destroy(); return; }
  session.on('bind_transceiver', (pdu) => {
    session.send(pdu.response({ system_id: 'smsc' }));
    esme = session;
    say({ event: 'bound' });
  });
  session.on('submit_sm', (pdu) => taken(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('close', () => { if (esme === session) { esme = null; say({ event: 'unbound' }); } });
});

const commands = readline.createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const command = JSON.parse(line);
  if (command.reply && esme) reply(esme, command.reply.from, command.reply.to, command.reply.text);
  if (command.line) down = command.line === 'down';
  if (command.line && command.line !== 'up' && esme) esme.destroy();
});
commands.on('close', () => process.exit(0));

server.listen(Number(process.argv[2] || 0), '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
