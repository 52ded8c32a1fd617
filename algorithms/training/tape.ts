// Numbers in double precision that remember what they were made of, so that the gradient of the last follows from the chain rule
// alone: reverse-mode differentiation over scalars (Wengert 1964, Linnainmaa 1970). Slow on purpose, and right.

/** A place on the tape. */
export type Value = number;

export class Tape {
  private readonly values: number[] = [];
  private readonly parents: (readonly Value[])[] = [];
  private readonly partials: (readonly number[])[] = [];

  leaf(value: number): Value {
    return this.record(value, [], []);
  }

  at(value: Value): number {
    return this.values[value] ?? NaN;
  }

  /** The sum of products, plus what is added. */
  dot(left: readonly Value[], right: readonly Value[], added: Value | null = null): Value {
    const [lefts, rights] = [left, right].map((side) => side.map((value) => this.at(value)));
    const sum = (lefts ?? []).reduce((total, value, index) => total + value * (rights?.[index] ?? 0), added === null ? 0 : this.at(added));
    const own = added === null ? [] : [added];
    return this.record(sum, [...left, ...right, ...own], [...rights ?? [], ...lefts ?? [], ...own.map(() => 1)]);
  }

  /** Sum of each value times its constant. */
  sum(values: readonly Value[], factor = 1): Value {
    return this.record(values.reduce((total, value) => total + this.at(value) * factor, 0), values, values.map(() => factor));
  }

  difference(left: Value, right: Value): Value {
    return this.record(this.at(left) - this.at(right), [left, right], [1, -1]);
  }

  product(left: Value, right: Value): Value {
    return this.dot([left], [right]);
  }

  quotient(left: Value, right: Value): Value {
    const [above, below] = [this.at(left), this.at(right)];
    return this.record(above / below, [left, right], [1 / below, -above / (below * below)]);
  }

  /** A function of one number and its derivative there. */
  map(value: Value, of: (x: number) => number, slope: (x: number) => number): Value {
    const x = this.at(value);
    return this.record(of(x), [value], [slope(x)]);
  }

  /** d output / d value, for every place of the tape. */
  gradient(output: Value): Float64Array {
    const gradients = new Float64Array(this.values.length);
    gradients[output] = 1;
    for (let place = output; place >= 0; place -= 1) {
      const own = gradients[place] ?? 0;
      if (own === 0) continue;
      this.parents[place]?.forEach((parent, index) => { gradients[parent] = (gradients[parent] ?? 0) + own * (this.partials[place]?.[index] ?? 0); });
    }
    return gradients;
  }

  private record(value: number, parents: readonly Value[], partials: readonly number[]): Value {
    this.values.push(value);
    this.parents.push(parents);
    this.partials.push(partials);
    return this.values.length - 1;
  }
}
