// `oort`: the command line. Each command tells what went wrong in one line and ends with a code other than 0.
import { lineOf } from '@oort/kernel-process';
import { UsageRefused } from './usage';

const help = `oort: a decentralised AI cloud

  oort up [--data DIR] [--agents super=6,archive=1,edge=2] [--topology process|services] [--json]
      the platform until Ctrl-C, in one process or a process a service; data in .oort/ unless told
  oort keys DIR
      makes the platform's keys, for services that are given them one by one
  oort agent join --token T --kind super|archive|edge [--platform URL --ingest URL] [--data DIR] [--name NAME] [--operator 0x...]
      a node: keys are made on the device, and starting again goes on, with its leases and results too; data in ~/.oort/agent-KIND;
      with --pool 0x... [--rpc URL] whoever doubts that it has its pieces may ask it on the chain, and that pool answers for it
  oort agent drain|leave --data DIR
      drain lets work and pieces move away while the agent runs; leave, once drained, is for good
  oort agent gpu install --data DIR
      before joining: fetches the CUDA provider, which the default installation leaves out
  oort audit officer [--platform URL] [--rpc URL] [--after POSITION]
      counts by the public feed and the chain whether the officer injects the phantoms that it owes and opens what it committed to
  oort juror enrol|serve|resign --key FILE [--voter 0x...] [--platform URL] [--rpc URL]
      a pool's seat on the bench: enrol puts the deposit down, serve checks accusations and votes until Ctrl-C; the key in hex in the file
  oort officer enrol|serve|show|take|resign|leave --key FILE [--pool 0x...] [--officer-key FILE] [--platform URL] [--rpc URL]
      --model FILE.onnx... --inputs FILE [--phantoms N]
      a pool's place among the officers: enrol puts the deposit down; serve draws tickets, hands in phantoms made of the inputs (a JSON list of
      numbers a line), opens them and claims the wage until Ctrl-C; leave takes the deposit back
  oort training plot|watch RUN [--platform URL] [--svg FILE]
      the losses of a training run as a plot, and as a picture; watch tells every step forward until it has ended
  oort model pull VERSION [--platform URL] [--ingest URL] [--to DIR] [--key HEX] [--token T]
      a published version, verified, into a folder; without --key the platform's key is believed the first time and kept
  oort model import FILE --name NAME --licence SPDX --token T [--card FILE] [--labels FILE] [--input 1,28,28] [--open] [--platform URL] [--ingest URL]
      an ONNX file from elsewhere into the catalogue, as a version; labels one a line, the card as JSON; with --open for everybody
  oort model run DIR/VERSION FILE... [--key HEX]
      what it answers to images, texts or lists of numbers, without a network and without enrolling
  oort chain devnet [--witnesses 4] [--data DIR] [--rpc PORT] [--listen PORT]
      a network of witnesses on this machine until Ctrl-C, a process each, at ports in a row; again, it goes on
  oort chain start --data DIR --genesis FILE [--key FILE] [--rpc PORT] [--listen PORT] [--address HOST:PORT] [--peers HOST:PORT,...]
      [--states-kept 100000] [--log json|text] [--log-level debug|info|warn|error]
      one node of a network: a witness with the key in the file, else one that checks, runs and answers everything and writes nothing
  oort chain status|peers [--rpc URL]
      how far the chain is; whom the node is linked with
  oort chain stake show [--pool 0x...] [--staker 0x...] [--key FILE] [--rpc URL]
      what stands behind a witness or a node, and what somebody has in it; with a key, one's own
  oort chain stake deposit --amount OORT --key FILE [--commission 500] | delegate --pool 0x... --amount OORT --key FILE
      into one's own pool, opened by the first deposit with a commission in basis points; into another's
  oort chain stake exit --amount OORT --key FILE [--pool 0x...] | withdraw --key FILE [--pool 0x...]
      asks for stake or a delegation back; takes it once its wait is over
  oort chain stake report --block HASH --key FILE
      shows a forked block and its twin to the chain, which takes the forker's stake and pays the reporter
  oort chain leaf enlist|dismiss --node 0x... --key FILE [--rpc URL]
      a pool answers with its stake for what this key of a node signs, and no longer; the agent tells its key when it joins with --pool
  oort chain leaf dispute --node-id NODE --index N --key FILE [--platform URL] | convict --dispute ID --key FILE | show --dispute ID
      asks a node on the chain for a leaf of the inventory that it signed last, for a bond; slashes it when its time is over
  oort chain export --data DIR --to FILE
      the final order of a node, running or not, into a file; again into the same one, what is new
  oort chain import --data DIR --genesis FILE --from FILE [--states-kept N]
      out of such a file into a node that is not running: each block is checked and run; goes on where it stopped
  oort chain check --data DIR [--signatures]
      reads everything that a node has on disk and names what is damaged; signatures checks every block's author too
  oort chain repair --data DIR --genesis FILE [--peers HOST:PORT,...] [--states-kept N]
      fetches what is damaged from peers, or runs every block again; the old store is set aside
  oort eventstore --grpc PORT [--data DIR] [--tls-cert FILE --tls-key FILE [--users FILE]]
      the events of a platform that is not running, served to clients of EventStoreDB on 127.0.0.1; with users only to them,
      each within the access control lists of the streams
  oort eventstore user add NAME --users FILE [--groups A,B]
      somebody who may sign in there, with the password from stdin; $admins may do everything
  oort eventstore check [--data DIR | --backup DIR]
      reads every event of a platform that is not running, or of a backup, checks that none is missing or damaged, and tells the Merkle root
  oort eventstore backup DIR [--data DIR]
      copies the events into a directory while the platform runs; again into the same one, what was added
  oort eventstore restore DIR [--to POSITION] [--data DIR]
      makes the event store anew from a backup
  oort telemetry dead-letters list|replay [--topic T] [--id ID] [--code CODE] [--data DIR] [--json]
      what no consumer of telemetry could handle, and why; replay hands it over once more. On Kafka where OORT_KAFKA_BROKERS names it,
      else on the data of a platform that is not running
  oort projections list|parked [NAME]|rebuild NAME|replay NAME [--data DIR] [--json]
      how far each read model is and which events it could not apply; rebuild fills it anew beside the one that is read,
      replay tries parked events again. On a platform that runs too, and on OORT_POSTGRES_URL
  oort storage durability [--failures-a-year 0.05] [--operator-losses-a-year 0.01] [--repair-hours 24] [--data DIR] [--json]
      what could be lost within a year as everything lies now, and what would make it less; on a platform that runs too
  oort storage events --bucket B --token T [--destination ARN] [--after CURSOR] [--follow] [--platform URL]
      what happens in a bucket, as S3 tells it, a record a line; --follow goes on until Ctrl-C
  oort verify FILE --rpc URL --genesis HASH
      checks a lineage proof against nothing but the chain
  oort verify FILE [--platform KEY]
      checks an availability certificate offline: the receipts by which nodes signed for an object's pieces

Ports: OORT_GRAPHQL_PORT 4000, OORT_S3_PORT 9000, OORT_INGEST_PORT 4100, OORT_CHAIN_PORT 8765.
`;

type Command = (commandLine: readonly string[]) => Promise<void>;

/** Loaded when asked for: an agent does not need to load a platform. */
const commands: Readonly<Record<string, Command>> = {
  up: (rest) => (require('./up') as typeof import('./up')).up(rest),
  'agent join': (rest) => (require('./agent') as typeof import('./agent')).joinAgent(rest),
  'audit officer': (rest) => (require('./audit-officer') as typeof import('./audit-officer')).auditOfficer(rest),
  juror: (rest) => (require('./juror') as typeof import('./juror')).jurorCommand(rest),
  officer: (rest) => (require('./officer') as typeof import('./officer')).officerCommand(rest),
  'training plot': (rest) => (require('./training') as typeof import('./training')).plotTraining(rest),
  'training watch': (rest) => (require('./training') as typeof import('./training')).watchTraining(rest),
  'model import': (rest) => (require('./model-import') as typeof import('./model-import')).importCommand(rest),
  'model pull': (rest) => (require('./model') as typeof import('./model')).pullCommand(rest),
  'model run': (rest) => (require('./model') as typeof import('./model')).runCommand(rest),
  'agent gpu': (rest) => (require('./agent') as typeof import('./agent')).gpuCommand(rest),
  'agent drain': (rest) => (require('./agent') as typeof import('./agent')).drainAgent(rest),
  'agent leave': (rest) => (require('./agent') as typeof import('./agent')).leaveAgent(rest),
  'chain start': (rest) => (require('./chain') as typeof import('./chain')).startChain(rest),
  'chain devnet': (rest) => (require('./chain') as typeof import('./chain')).chainDevnet(rest),
  'chain peers': (rest) => (require('./chain') as typeof import('./chain')).chainPeers(rest),
  'chain export': (rest) => (require('./chain-files') as typeof import('./chain-files')).exportCommand(rest),
  'chain import': (rest) => (require('./chain-files') as typeof import('./chain-files')).importCommand(rest),
  'chain check': (rest) => (require('./chain-files') as typeof import('./chain-files')).checkCommand(rest),
  'chain repair': (rest) => (require('./chain-files') as typeof import('./chain-files')).repairCommand(rest),
  'chain leaf': (rest) => (require('./chain-leaf') as typeof import('./chain-leaf')).chainLeaf(rest),
  'chain stake': (rest) => (require('./chain-stake') as typeof import('./chain-stake')).chainStake(rest),
  'chain status': (rest) => (require('./chain-status') as typeof import('./chain-status')).chainStatus(rest),
  eventstore: (rest) => (require('./eventstore') as typeof import('./eventstore')).serveEvents(rest),
  'eventstore backup': (rest) => (require('./eventstore-backup') as typeof import('./eventstore-backup')).backUpEvents(rest),
  'eventstore restore': (rest) => (require('./eventstore-backup') as typeof import('./eventstore-backup')).restoreEvents(rest),
  'eventstore check': (rest) => (require('./eventstore-check') as typeof import('./eventstore-check')).checkEventStore(rest),
  'eventstore user': (rest) => (require('./eventstore-user') as typeof import('./eventstore-user')).eventStoreUser(rest),
  'telemetry dead-letters': async ([asked = '', ...rest]) => {
    const { listDeadLetters, replayLetters } = require('./dead-letters') as typeof import('./dead-letters');
    if (asked === 'list') return listDeadLetters(rest);
    if (asked === 'replay') return replayLetters(rest);
    throw new UsageRefused('oort telemetry dead-letters list, or replay');
  },
  projections: (rest) => (require('./projections') as typeof import('./projections')).projectionsCommand(rest),
  keys: (rest) => (require('./keys') as typeof import('./keys')).makeKeys(rest),
  'storage durability': (rest) => (require('./storage-durability') as typeof import('./storage-durability')).storageDurability(rest),
  'storage events': (rest) => (require('./storage-events') as typeof import('./storage-events')).storageEvents(rest),
  verify: (rest) => (require('./verify') as typeof import('./verify')).verifyCommand(rest),
};

async function main(commandLine: readonly string[]): Promise<void> {
  const [first = '', second = ''] = commandLine;
  const two = commands[`${first} ${second}`];
  if (two !== undefined) return two(commandLine.slice(2));
  const one = commands[first];
  if (one !== undefined) return one(commandLine.slice(1));
  if (!['', 'help', '--help', '-h'].includes(first)) throw new UsageRefused(`there is no command "${first}"; oort --help shows them all`);
  process.stdout.write(help);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`oort: ${lineOf(error)}\n`);
  process.exit(1);
});
