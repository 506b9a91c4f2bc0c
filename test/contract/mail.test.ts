import { describeMailContract } from './mail.contract.ts';
import { onEachEngine } from './on-each-engine.ts';

onEachEngine(describeMailContract);
