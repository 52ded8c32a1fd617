// Other domains' events reach this one through its read models (stakes, rewards); none of them makes it do something by itself.
export const reactsTo = [] as const;
