// A released version, verified and ready to answer, in Node or in a browser, without a network.
import { OpenModel, type NamedTensor, type OpenModelOptions } from './open-model';
import { verifyModelFile, verifyRelease, ReleaseRefused, type Release, type SignedRelease } from './release';
import type { OnnxRuntime } from './runtime';

export interface OfflineModelOptions extends OpenModelOptions {
  readonly runtime: OnnxRuntime;
  readonly signed: SignedRelease;
  readonly model: Uint8Array;
  /** Ed25519, hex: the platform's, from wherever the application has it. */
  readonly trustedKey: string;
  readonly now?: () => Date;
}

export interface Answer {
  /** Of the largest score; the score's place when the version names no labels. */
  readonly label: string;
  readonly scores: Float32Array;
}

export class OfflineModel {
  private constructor(readonly release: Release, private readonly model: OpenModel, private readonly now: () => Date) {}

  /** Throws ReleaseRefused when signature, licence or file do not hold. */
  static async open({ runtime, signed, model, trustedKey, now = () => new Date(), ...options }: OfflineModelOptions): Promise<OfflineModel> {
    const release = verifyRelease(signed, trustedKey, now());
    verifyModelFile(release, model);
    return new OfflineModel(release, await OpenModel.open(runtime, model, options), now);
  }

  /** Answers of the same time share a run. Throws ReleaseRefused once the licence has ended. */
  async infer(input: Float32Array): Promise<Answer> {
    this.requireLicence();
    const scores = await this.model.infer(input);
    const best = scores.reduce((place, score, index) => (score > (scores[place] ?? 0) ? index : place), 0);
    return { label: this.release.labels[best] ?? String(best), scores };
  }

  /** Every input and output by name, for models of more than one. */
  run(feeds: readonly NamedTensor[]): Promise<readonly NamedTensor[]> {
    this.requireLicence();
    return this.model.run(feeds);
  }

  close(): Promise<void> {
    return this.model.release();
  }

  private requireLicence(): void {
    const { licenceExpiresAt } = this.release;
    if (licenceExpiresAt !== null && this.now().toISOString() > licenceExpiresAt) throw new ReleaseRefused('the licence has ended');
  }
}
