// What a person typed into the search box: a cadastral number in its many spellings, an
// application number, coordinates, or words. The server finds; this decides what may be asked.

export type Query =
  | { kind: 'short' }
  | { kind: 'cadastral'; number: string }
  | { kind: 'application'; number: string }
  | { kind: 'coordinates'; lat: number; lng: number }
  | { kind: 'words'; text: string };

const PAD = [2, 2, 6, 0];

/** `16 50 10101 12`, `16_50_010101_12` and the like → `16:50:010101:12`; else null. */
export function cadastralNumber(text: string): string | null {
  const parts = text.trim().split(/\s*[:\s_;]\s*/);
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,7}$/.test(part))) return null;
  const [region, district, quarter] = parts;
  if (region.length > 2 || district.length > 2 || quarter.length < 3) return null;
  return parts.map((part, i) => part.padStart(PAD[i], '0')).join(':');
}

function coordinates(text: string): Query | null {
  const found = /^(-?\d{1,3}[.,]\d+)\s*[;,\s]\s*(-?\d{1,3}[.,]\d+)$/.exec(text);
  if (!found) return null;
  const [lat, lng] = [found[1], found[2]].map((part) => Number(part.replace(',', '.')));
  return Math.abs(lat) <= 85 && Math.abs(lng) <= 180 ? { kind: 'coordinates', lat, lng } : null;
}

export function readQuery(typed: string): Query {
  const text = typed.trim().replace(/\s+/g, ' ');
  if (text.length < 2) return { kind: 'short' };
  const cadastral = cadastralNumber(text);
  if (cadastral) return { kind: 'cadastral', number: cadastral };
  if (/^\d{4}-[A-Za-zА-Яа-я]{2,4}-\d{1,6}$/.test(text)) {
    const [year, code, serial] = text.toUpperCase().split('-');
    return { kind: 'application', number: `${year}-${code}-${serial.padStart(6, '0')}` };
  }
  return coordinates(text) ?? { kind: 'words', text };
}

/** What is sent to the server for a query. */
export function asked(query: Query): string {
  switch (query.kind) {
    case 'short': return '';
    case 'words': return query.text;
    case 'coordinates': return `${query.lat}, ${query.lng}`;
    default: return query.number;
  }
}
