/** Header names that are known to mean a part of an event. Compared without case, spaces and separators: `Customer ID` is `customerid`. */

export type Role = 'id' | 'customer' | 'time' | 'meter' | 'quantity';
export const MATCHED_ROLES: readonly Role[] = ['id', 'customer', 'time', 'meter', 'quantity'];

/** `own` names say the thing itself; `common` ones usually mean it and give way to an own name in the same header. */
const SYNONYMS: Readonly<Record<Role, { own: string; common: string }>> = {
  id: {
    own: 'id eventid usageid usagerecordid recordid rowid idempotencykey deduplicationid eventuuid',
    common: 'uuid guid uniqueid transactionid requestid messageid lineitemid callid cdrid insertid reference',
  },
  customer: {
    own: 'customer customerid customerkey customercode customernumber customerref externalcustomerid kundennummer kundennr kundenid',
    common:
      'account accountid accountnumber user userid tenant tenantid client clientid organization organizationid organisation organisationid org orgid ' +
      'subscriber subscriberid subscription subscriptionid subaccountid company companyid workspace workspaceid team teamid project projectid subject kunde mandant accountcode merchant merchantid consumer consumerid',
  },
  time: {
    own: 'timestamp time eventtime eventtimestamp usagetime usagetimestamp occurredat datetime eventdate usagedate timestamputc timeutc datetimeutc zeitstempel',
    common:
      'date day hour ts at starttime start startdate startedat usagestart usagestarttime usagestartdate chargeperiodstart createdat recordedat calldate calltime datum uhrzeit zeit zeitpunkt',
  },
  meter: {
    own: 'meter meterid meterkey metername metercode metric metricname eventname eventtype billablemetric zähler zaehler',
    common: 'event type usagetype product productid productcode sku skuid service servicename feature featurekey action operation unitname',
  },
  quantity: {
    own: 'quantity qty usagequantity usageamount consumedquantity pricingquantity eventquantity menge verbrauch',
    common: 'value usage amount units count volume consumption total duration durationseconds billsec number anzahl',
  },
};

/** Names of columns that may hold one half of a time. */
export function isTimeName(name: string): boolean {
  return ROLE_BY_NAME.get(normalizeName(name))?.role === 'time';
}

const ROLE_BY_NAME = new Map<string, { role: Role; own: boolean }>();
for (const role of MATCHED_ROLES) {
  for (const name of SYNONYMS[role].common.split(' ')) ROLE_BY_NAME.set(name, { role, own: false });
  for (const name of SYNONYMS[role].own.split(' ')) ROLE_BY_NAME.set(name, { role, own: true });
}

/** `Customer ID`, `customer_id` and `customerId` → `customerid`. */
export function normalizeName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

export interface Match {
  column: string;
  reason: string;
}

/** For each part of an event the columns that may hold it, best kind of name only: one is a match, several are a question. */
export function matchHeader(header: readonly string[]): Record<Role, Match[]> {
  const own: Record<Role, Match[]> = { id: [], customer: [], time: [], meter: [], quantity: [] };
  const common: Record<Role, Match[]> = { id: [], customer: [], time: [], meter: [], quantity: [] };
  for (const column of header) {
    const found = ROLE_BY_NAME.get(normalizeName(column));
    if (found === undefined) continue;
    const reason = found.own ? `"${column}" names the ${found.role}` : `"${column}" is a common name for the ${found.role}`;
    (found.own ? own : common)[found.role].push({ column, reason });
  }
  const best = (role: Role) => (own[role].length > 0 ? own[role] : common[role]);
  return { id: best('id'), customer: best('customer'), time: best('time'), meter: best('meter'), quantity: best('quantity') };
}

/** The column most like a name that was not found, for the message. */
export function suggestColumn(name: string, header: readonly string[]): string | undefined {
  const wanted = normalizeName(name);
  return header.find((column) => normalizeName(column) === wanted);
}
