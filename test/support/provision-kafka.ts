/**
 * Where the tests get a real broker from: `KAFKA_BROKERS`, else Apache Kafka from Maven Central, run by the Java of this machine.
 * The jars are kept under `node_modules/.cache`; getting them takes some seconds once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Set by `test/run.ts` for every test: a `KafkaSource` as JSON, or empty where none could be had. */
export const KAFKA_VARIABLE = 'TALLYLINE_TEST_KAFKA';

/** Brokers that run already, or the directory with the jars of one to start. */
export type KafkaSource = { brokers: string[] } | { jars: string };
export type KafkaOutcome = { ok: true; source: KafkaSource } | { ok: false; missing: string };

const KAFKA_VERSION = '4.1.0';
/** Kafka logs through slf4j 1.7 and brings no binding of it. */
const LOG4J_VERSION = '2.24.3';
/** Kafka 4 asks for it. */
const JAVA_VERSION_MIN = 17;
const JARS = join(import.meta.dirname, `../../node_modules/.cache/tallyline-kafka/${KAFKA_VERSION}`);

/** A JVM says its version in a fraction of this; a cold disk takes longer. */
const VERSION_MS_MAX = 30_000;
/** 43 MB over a slow line; without a network it fails much sooner. */
const DOWNLOAD_MS_MAX = 300_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tallyline</groupId>
  <artifactId>test-broker</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${LOG4J_VERSION}</version></dependency>
  </dependencies>
</project>
`;

/** Finds a broker or what is needed to start one; gets the jars where they are still missing. */
export function provisionKafka(): KafkaOutcome {
  const given = (process.env['KAFKA_BROKERS'] ?? '').split(',').filter((broker) => broker !== '');
  if (given.length > 0) return { ok: true, source: { brokers: given } };
  const java = javaVersion();
  if (java === undefined || java < JAVA_VERSION_MIN) {
    return { ok: false, missing: `KAFKA_BROKERS is not set, and ${java === undefined ? 'there is no Java' : `Java ${java} is too old`}` };
  }
  if (!existsSync(JARS)) {
    if (!runs('mvn', ['--version', '-Dstyle.color=never'], VERSION_MS_MAX))
      return { ok: false, missing: 'KAFKA_BROKERS is not set, and there is no Maven' };
    if (!downloadJars()) return { ok: false, missing: `Maven could not get Apache Kafka ${KAFKA_VERSION}` };
  }
  return { ok: true, source: { jars: JARS } };
}

/** Complete or not there: the jars move to their place in one step, whoever else may be getting them at the same time. */
function downloadJars(): boolean {
  process.stdout.write(`No Kafka broker for the tests yet: getting Apache Kafka ${KAFKA_VERSION} through Maven …\n`);
  mkdirSync(dirname(JARS), { recursive: true });
  const scratch = mkdtempSync(join(dirname(JARS), 'download-'));
  try {
    const jars = join(scratch, 'jars');
    writeFileSync(join(scratch, 'pom.xml'), POM);
    const copy = ['-q', '-B', '-Dstyle.color=never', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
    if (!runs('mvn', ['-f', join(scratch, 'pom.xml'), ...copy], DOWNLOAD_MS_MAX)) return false;
    if (!readdirSync(jars).includes(`kafka_2.13-${KAFKA_VERSION}.jar`)) return false;
    if (!existsSync(JARS)) renameSync(jars, JARS);
    return true;
  } catch (error) {
    // Somebody else was quicker.
    if (existsSync(JARS)) return true;
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function javaVersion(): number | undefined {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: VERSION_MS_MAX });
  if (status !== 0) return undefined;
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}

function runs(command: string, args: readonly string[], timeout: number): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout }).status === 0;
}
