import { nodesWithin, readRings } from './rings';

const nodes = Array.from({ length: 20 }, (_, index) => `node_${String(index)}`);

describe('rings', () => {
  it('reach a growing part of the devices, in an order of the deployment\'s own', () => {
    const [few, half, all] = [5, 50, 100].map((percent) => nodesWithin('deployment_1', nodes, percent));
    expect([few?.length, half?.length, all?.length]).toEqual([1, 10, 20]);
    expect(half?.slice(0, 1)).toEqual(few);
    expect([...all ?? []].sort()).toEqual([...nodes].sort());
    expect(nodesWithin('deployment_2', nodes, 50)).not.toEqual(half);
    expect(nodesWithin('deployment_1', [...nodes].reverse(), 50)).toEqual(half);
  });

  it.each([[[]], [[50]], [[50, 50, 100]], [[100, 50]], [[0, 100]], [[12.5, 100]]])('are not %j', (rings) => {
    expect(readRings(rings)).toBeNull();
  });
});
