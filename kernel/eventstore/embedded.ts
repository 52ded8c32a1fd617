export interface EmbeddedOptions { readonly directory: string; readonly maxAppendBytes?: number }
