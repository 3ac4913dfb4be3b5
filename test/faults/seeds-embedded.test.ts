import { testSeeds } from './suite/seeds.ts';

testSeeds('embedded');
