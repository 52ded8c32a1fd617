// Who speaks: Ed25519 device keys, signed requests of nodes, sign-in with Ethereum, session tokens.
export { newDeviceKey, publicKeyOf, signWith, verifySignature, type DeviceKey } from './device-key';
export { signRequest, verifyRequest, type RequestToSign, type RequestToVerify } from './request';
export { issueSession, readSession, type Session } from './session';
export { SiweRejected, siweMessage, verifySiwe, type SiweFields } from './siwe';
