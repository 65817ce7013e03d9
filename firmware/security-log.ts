/**
 * The security log in flash: records that only grow in number, chained, never overwritten before the authority has them
 * (requirements.md A9, G6; domain.md R45, R46; every byte in docs/flash.md).
 *
 * A record is programmed first and counts only when a state record of the journal names its number and its chain: so what
 * happened and that it was written down are one transaction. What was programmed and never named is passed over.
 */

import type { Flash } from '#hw/flash';
import { equalBytes } from '#protocol/bytes';
import type { Crypto } from '#protocol/crypto';
import {
  EMPTY_LOG,
  encodeLogRecord,
  followsLog,
  LOG_RECORD_SIZE,
  type LogPosition,
  type LogRecord,
  logChain,
  readLogRecord,
} from '#protocol/documents/security-log';
import { Fault, invariant } from './fault.ts';
import { type FlashLayout, isBlank, readFlash } from './flash-layout.ts';

/** Places tried after one that did not take its record, before the flash counts as worn out. */
const BAD_PLACES_MAX = 16;

/** How many places take turns as the first one after power-up. */
const FIRST_PLACES = 3;

/** Places kept free: a service that began with room for its record ends with it. */
export const LOG_RESERVE = 4;

/** What happened, without number and time. */
export type LogEntry = Pick<LogRecord, 'event'> & Partial<Pick<LogRecord, 'a' | 'b' | 'c'>>;

/** Where the log stands, and up to which number the authority has it: those may be overwritten. */
export interface LogState extends LogPosition {
  readonly acknowledged: number;
}

export interface SecurityLog {
  /**
   * Programs a record; it counts once a state record of the journal names the position that is returned.
   * @throws Fault `flashFailed` where no place takes it
   */
  write(state: LogState, entry: LogEntry, timeMs: number): LogPosition;
  /** How many records there is room for, at least. */
  free(state: LogState): number;
  /** The chain that a record has reached; empty where it is not there any more. */
  chainAt(count: number): Uint8Array;
  /** The records from a number on that are there, one behind the other, at most so many. */
  read(state: LogState, from: number, many: number): LogPart;
}

/** Records of 64 bytes, and the number of the first. */
export interface LogPart {
  readonly from: number;
  readonly records: Uint8Array;
}

interface Place {
  readonly sector: number;
  readonly index: number;
}

interface Area {
  readonly flash: Flash;
  readonly sectors: number;
  readonly placesPerSector: number;
  offsetOf(place: Place): number;
}

function areaOf(flash: Flash, { logOffset, logSectors }: FlashLayout): Area {
  return {
    flash,
    sectors: logSectors,
    placesPerSector: Math.floor(flash.sectorSize / LOG_RECORD_SIZE),
    offsetOf: ({ sector, index }) =>
      logOffset + sector * flash.sectorSize + index * LOG_RECORD_SIZE,
  };
}

/** What the area holds: the places that are not blank, each with what it says. Nothing is believed yet. */
interface Candidate extends Place {
  /** Undefined where the place cannot be read, or holds no record. */
  readonly bytes: Uint8Array | undefined;
  readonly count: number | undefined;
}

function candidatesOf(area: Area): Candidate[] {
  const found: Candidate[] = [];
  for (let sector = 0; sector < area.sectors; sector++)
    for (let index = 0; index < area.placesPerSector; index++) {
      const bytes = readFlash(area.flash, area.offsetOf({ sector, index }), LOG_RECORD_SIZE);
      if (isBlank(bytes)) continue;
      const record = readLogRecord(bytes);
      const count = record.ok ? record.value.count : undefined;
      found.push({ sector, index, bytes: record.ok ? bytes : undefined, count });
    }
  return found;
}

/**
 * Of two places with the same record the one that was written later: a cut left the other one behind, and what it left may
 * read otherwise the next time.
 */
function later(area: Area, one: Candidate, other: Candidate): Candidate {
  if (one.sector === other.sector) return one.index > other.index ? one : other;
  return (one.sector + 1) % area.sectors === other.sector ? other : one;
}

/**
 * The places of the records that count, by number: walked back from the last one, whose chain the journal holds. Finding the
 * one before proves a record, so that the last one that is acknowledged must be there too.
 * @throws Fault `logDamaged` where one from there on is missing or changed
 */
function placesOf(
  crypto: Crypto,
  area: Area,
  candidates: readonly Candidate[],
  { count: last, head, acknowledged }: LogState,
): Map<number, Place> {
  const places = new Map<number, Place>();
  const withCount = new Map<number, Candidate[]>();
  for (const each of candidates)
    if (each.count !== undefined)
      withCount.set(each.count, [...(withCount.get(each.count) ?? []), each]);
  let follower: Uint8Array | undefined;
  for (let count = last; count > 0; count--) {
    const proved = (withCount.get(count) ?? []).filter(({ bytes }) => {
      if (bytes === undefined) return false;
      if (follower === undefined) return equalBytes(logChain(bytes), head);
      return followsLog(crypto, logChain(bytes), follower);
    });
    const [first, ...others] = proved;
    if (first === undefined) {
      if (count >= acknowledged) throw new Fault('logDamaged');
      break;
    }
    const found = others.reduce((one, other) => later(area, one, other), first);
    places.set(count, found);
    follower = found.bytes;
    const isProved = count > 1 || followsLog(crypto, EMPTY_LOG.head, follower as Uint8Array);
    if (!isProved && acknowledged <= 1) throw new Fault('logDamaged');
  }
  return places;
}

/** Programs a record and reads it back. */
function takes({ flash, offsetOf }: Area, place: Place, bytes: Uint8Array): boolean {
  const offset = offsetOf(place);
  if (flash.program(offset, bytes.slice().buffer) !== 0) return false;
  return equalBytes(readFlash(flash, offset, LOG_RECORD_SIZE), bytes);
}

/** The bytes of a record that was there when the log was opened. @throws Fault `logDamaged` where it is not any more */
function recordAt({ flash, offsetOf }: Area, place: Place | undefined): Uint8Array {
  invariant(place !== undefined, 'logDamaged');
  const bytes = readFlash(flash, offsetOf(place), LOG_RECORD_SIZE);
  invariant(bytes.length === LOG_RECORD_SIZE, 'logDamaged');
  return bytes;
}

/**
 * Where writing goes on after power-up. A program that was cut may have changed nothing and still have spent its place: so
 * one place behind the last one in use is left alone, and the one behind it is another one each time (docs/flash.md).
 */
function placeToGoOn(
  area: Area,
  candidates: readonly Candidate[],
  last: Place | undefined,
  powerCount: number,
): Place {
  if (last === undefined) return { sector: area.sectors - 1, index: area.placesPerSector };
  const used = candidates.findLast(({ sector }) => sector === last.sector)?.index ?? last.index;
  return { sector: last.sector, index: used + 2 + (powerCount % FIRST_PLACES) };
}

/** Records that count, one behind the other. */
function readPart(
  area: Area,
  places: ReadonlyMap<number, Place>,
  count: number,
  from: number,
  many: number,
): LogPart {
  const first = Math.max(from, Math.min(...places.keys(), count + 1));
  const last = Math.min(count, first + many - 1);
  const records = new Uint8Array(Math.max(0, last - first + 1) * LOG_RECORD_SIZE);
  for (let number = first; number <= last; number++)
    records.set(recordAt(area, places.get(number)), (number - first) * LOG_RECORD_SIZE);
  return { from: first, records };
}

/**
 * Opens the log at power-up.
 * @param state what the journal says
 * @param powerCount how often power came on
 * @throws Fault `logDamaged` where a record that the authority does not have is missing or changed
 */
export function openSecurityLog(
  flash: Flash,
  layout: FlashLayout,
  crypto: Crypto,
  state: LogState,
  powerCount: number,
): SecurityLog {
  const area = areaOf(flash, layout);
  const candidates = candidatesOf(area);
  const places = placesOf(crypto, area, candidates, state);
  let next = placeToGoOn(area, candidates, places.get(state.count), powerCount);
  /** The number of the last record of each sector that counts; 0 where it holds none. */
  const lastIn = new Array<number>(area.sectors).fill(0);
  for (const [count, { sector }] of places)
    lastIn[sector] = Math.max(lastIn[sector] as number, count);

  const sectorBehind = (sector: number): number => (sector + 1) % area.sectors;
  function isFree(sector: number, { acknowledged }: LogState): boolean {
    const last = lastIn[sector] as number;
    return last === 0 || last < acknowledged;
  }

  /** Undefined where the sector does not take an erase any more: it is passed over. */
  function nextPlace(now: LogState): Place | undefined {
    if (next.index >= area.placesPerSector) {
      const sector = sectorBehind(next.sector);
      invariant(isFree(sector, now), 'flashFailed');
      for (const [count, place] of places) if (place.sector === sector) places.delete(count);
      lastIn[sector] = 0;
      next = { sector, index: 0 };
      if (flash.erase(area.offsetOf(next)) !== 0) {
        next = { sector, index: area.placesPerSector };
        return undefined;
      }
    }
    const place = next;
    next = { ...place, index: place.index + 1 };
    return place;
  }

  return {
    write(now, entry, timeMs) {
      const count = now.count + 1;
      const bytes = encodeLogRecord(crypto, now.head, {
        a: 0,
        b: 0,
        c: 0,
        ...entry,
        count,
        timeMs,
      });
      for (let attempt = 0; attempt < BAD_PLACES_MAX; attempt++) {
        const place = nextPlace(now);
        if (place === undefined || !takes(area, place, bytes)) continue;
        places.set(count, place);
        lastIn[place.sector] = count;
        return { count, head: logChain(bytes).slice() };
      }
      throw new Fault('flashFailed');
    },
    free(now) {
      let room = Math.max(0, area.placesPerSector - next.index);
      for (let sector = sectorBehind(next.sector); sector !== next.sector; ) {
        if (!isFree(sector, now)) break;
        room += area.placesPerSector;
        sector = sectorBehind(sector);
      }
      return room;
    },
    chainAt(count) {
      const place = places.get(count);
      return place === undefined ? new Uint8Array(0) : logChain(recordAt(area, place)).slice();
    },
    read: ({ count }, from, many) => readPart(area, places, count, from, many),
  };
}
