// What a program written with viem does all day, as its author would write it: `node everyday.mjs RPC_URL TOKEN.json PRIVATE_KEY`.
// Prints one JSON object: what it saw.
import { readFileSync } from 'node:fs';
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain, http, parseEther, webSocket,
} from 'viem';
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts';

const [url, tokenFile, privateKey] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(tokenFile, 'utf8'));
const probe = createPublicClient({ transport: http(url) });
const chain = defineChain({ id: await probe.getChainId(), name: 'Olympus', nativeCurrency: { name: 'OORT', symbol: 'OORT', decimals: 18 }, rpcUrls: { default: { http: [url] } } });
const account = privateKeyToAccount(privateKey);
const reader = createPublicClient({ chain, transport: http(url, { batch: true }), pollingInterval: 50 });
const listener = createPublicClient({ chain, transport: webSocket(url.replace(/^http/, 'ws')) });
const wallet = createWalletClient({ account, chain, transport: http(url) });
const other = privateKeyToAccount(generatePrivateKey());
const saw = {};

const heads = [];
const unwatch = listener.watchBlocks({ onBlock: (block) => heads.push(block.number) });

// A transfer with fees as the chain suggests them.
const sent = await wallet.sendTransaction({ to: other.address, value: parseEther('2') });
const paid = await reader.waitForTransactionReceipt({ hash: sent });
saw.transfer = { status: paid.status, gasUsed: paid.gasUsed.toString(), balance: (await reader.getBalance({ address: other.address })).toString() };
const fees = await reader.estimateFeesPerGas();
saw.fees = fees.maxFeePerGas > 0n;
const history = await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [10, 90] });
saw.feeHistory = history.baseFeePerGas.length === history.gasUsedRatio.length + 1 && history.gasUsedRatio.some((ratio) => ratio > 0);

// An OpenZeppelin token: deployed, read, written, simulated, watched.
const deployed = await reader.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi, bytecode, args: [parseEther('1000')] }) });
const address = deployed.contractAddress;
saw.deployed = deployed.status === 'success' && (await reader.getCode({ address })).length > 1000;
const token = { address, abi };
saw.name = await reader.readContract({ ...token, functionName: 'name' });
const transfers = [];
const unwatchPolled = reader.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: (logs) => transfers.push(...logs) });
const pushed = [];
const unwatchPushed = listener.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: (logs) => pushed.push(...logs) });
// Both have to stand before the first event.
await new Promise((resolve) => { setTimeout(resolve, 500); });
const { request } = await reader.simulateContract({ ...token, account, functionName: 'transfer', args: [other.address, parseEther('7')] });
const moved = await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
saw.tokens = (await reader.readContract({ ...token, functionName: 'balanceOf', args: [other.address] })).toString();
saw.batched = (await Promise.all([1, 2, 3].map(() => reader.readContract({ ...token, functionName: 'totalSupply' })))).map(String);
const logs = await reader.getContractEvents({ ...token, eventName: 'Transfer', args: { to: other.address }, fromBlock: 0n });
saw.logs = logs.length === 1 && logs[0].transactionHash === moved.transactionHash;
const block = await reader.getBlock({ blockNumber: moved.blockNumber, includeTransactions: true });
saw.block = block.transactions.some(({ hash }) => hash === moved.transactionHash);
saw.sameBlock = (await reader.getTransaction({ blockNumber: moved.blockNumber, index: moved.transactionIndex })).hash === moved.transactionHash;

// A custom error, a nonce that is used up, no money.
saw.revert = await reader.simulateContract({ ...token, account: other, functionName: 'transfer', args: [account.address, parseEther('900')] }).then(() => null, (error) => {
  const reverted = error instanceof BaseError ? error.walk((one) => one instanceof ContractFunctionRevertedError) : null;
  return reverted?.data?.errorName ?? String(error);
});
const nameOf = (error) => (error instanceof BaseError ? error.walk((one) => /NonceTooLow|InsufficientFunds/.test(one.name))?.name : null) ?? String(error);
saw.nonce = await wallet.sendTransaction({ to: other.address, nonce: 0, value: 1n }).then(() => null, nameOf);
const poor = createWalletClient({ account: privateKeyToAccount(generatePrivateKey()), chain, transport: http(url) });
saw.funds = await poor.sendTransaction({ to: other.address, value: 1n, gas: 21000n }).then(() => null, nameOf);
saw.signed = await reader.verifyMessage({ address: account.address, message: 'hello', signature: await wallet.signMessage({ message: 'hello' }) });

for (let waited = 0; waited < 100 && (transfers.length < 1 || pushed.length < 1 || heads.length < 2); waited += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
saw.watched = { polled: transfers.length, pushed: pushed.length, heads: heads.length > 1 && heads.every((number, index) => index === 0 || number > heads[index - 1]) };
unwatch(); unwatchPolled(); unwatchPushed();
process.stdout.write(JSON.stringify(saw));
process.exit(0);
