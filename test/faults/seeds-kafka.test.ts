import { brokerIsOurs } from '../support/cluster.ts';
import { testSeeds } from './suite/seeds.ts';

testSeeds('kafka', { isPossible: brokerIsOurs });
