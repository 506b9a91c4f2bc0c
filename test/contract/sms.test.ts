import { describeSmsContract } from './sms.contract.ts';
import { onEachEngine } from './on-each-engine.ts';

onEachEngine(describeSmsContract);
