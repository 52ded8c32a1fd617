// Who waits for a prediction is woken by the reaction that records it, when both run in this process; otherwise, or when the
// wake-up is lost, a look once a second finds it.
export class PredictionWaiters {
  private readonly waiting = new Map<string, () => void>();

  /** Resolves when the prediction is told, or after the time. One waits for each prediction: who asked for it. */
  wait(predictionId: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(predictionId);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.waiting.set(predictionId, wake);
    });
  }

  isAwaited(predictionId: string): boolean {
    return this.waiting.has(predictionId);
  }

  tell(predictionId: string): void {
    this.waiting.get(predictionId)?.();
  }
}
