import { Interface } from 'ethers';
import { contractAbis, localParameters, type ContractName } from '@oort/schema';
import { artifact } from './artifact';
import { compileContracts } from './compile';
import { systemDeployments } from './deployments';
import { deployer, platform } from './test-chain';

describe('the compiled contracts', () => {
  it('are what a fresh compile gives, byte for byte', () => {
    expect(artifact()).toEqual(compileContracts());
  });

  it.each(Object.keys(contractAbis) as ContractName[])('%s speaks the interface of the schema', (name) => {
    const own = new Interface(artifact().contracts[name]?.abi as string);
    const schema = new Interface(contractAbis[name]);
    schema.forEachFunction((wanted) => {
      const found = own.getFunction(wanted.selector);
      expect([found?.stateMutability, found?.outputs.map((each) => each.format())]).toEqual([wanted.stateMutability, wanted.outputs.map((each) => each.format())]);
    });
    schema.forEachEvent((wanted) => {
      const found = own.getEvent(wanted.topicHash);
      expect(found?.inputs.map(({ name: input, indexed }) => [input, indexed === true])).toEqual(wanted.inputs.map(({ name: input, indexed }) => [input, indexed === true]));
    });
  });

  it('are deployed by nonces 0, 1, 2, ... of the genesis deployer', () => {
    const names = systemDeployments({ deployer, platform, parameters: localParameters }).map(({ name }) => name);
    expect([...names].sort()).toEqual(Object.keys(contractAbis).sort());
  });
});
