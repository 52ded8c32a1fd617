// A verifiable random function on secp256k1: the holder of a key can compute it and prove the value, everybody can check it.
export { proofLength, prove, proofOutput, verify } from './ecvrf';
export { forContract, keyForContract, type ProofForContract } from './for-contract';
