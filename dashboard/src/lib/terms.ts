/**
 * The help texts: what the words of finance and of this program mean, in one or two sentences each. The rules behind them:
 * docs/billing.md, docs/guarantees.md, docs/mapping.md.
 */
export const TERMS = {
  // Invoices
  draft: 'An invoice that is not fixed yet. It is worked out anew from the usage whenever you open it, and has no number.',
  final: 'An invoice that never changes again. It has a number, and whatever comes in later stands on another document.',
  void: 'Cancels a final invoice. It keeps its number and stays readable, but nothing is owed on it; what it billed falls due again.',
  number: 'Given when an invoice becomes final, one after the other without gaps. A draft has none; a void invoice keeps its own.',
  'credit note': 'A numbered document that gives back money of a final invoice, all of it or a part. The invoice itself stays as it was.',
  correction: 'A credit note that takes back usage which should not have been billed. Later invoices count it.',
  goodwill: 'A credit note that gives back money only. The usage stays billed, so later invoices do not charge the difference again.',
  'left to credit': 'What the line was billed at, less what earlier credit notes have taken back of it.',
  adjustment: 'What is due because the usage of a month changed after its invoice was final. It stands on the next invoice.',
  'credit balance': 'What is left of invoices with a total below zero. The next invoices use it up, oldest first.',
  'as of': 'The moment up to which usage is counted here. What came in later is not in these figures yet.',
  hash: 'A fingerprint of the document’s content. If one character of it changed, the fingerprint would be another one.',
  recompute:
    'The invoice is worked out once more from the usage known now, by the prices it was billed at, and compared. It stays as it is itself.',
  'billing run': 'Makes the drafts of one month for all customers, or for those you name. A second run makes the drafts anew.',
  period: 'The time an invoice is for: from its first moment up to, and without, the first moment of the next one.',
  'time zone': 'Decides where a day and a month begin for this customer. Days with a change of the clock have 23 or 25 hours.',

  // From lines to the total
  subtotal: 'All lines together, before discounts, the minimum and tax.',
  discount: 'Taken off a meter’s lines or off the invoice: one after the other, each from what the ones before have left.',
  minimum: 'The least that a period costs. Where the lines come to less, the difference is added.',
  tax: 'A percentage of lines, discounts and minimum together, rounded once for the whole invoice. The rate is the customer’s.',
  rounding:
    'Each amount is rounded once, to the currency’s smallest unit. Exact halves go away from zero, or to the even neighbour if the settings say so.',

  // Prices
  plan: 'The prices of a customer: one for each meter, with discounts and a minimum if there are any.',
  'default plan': 'The plan of every customer that nobody has set up yet. The settings say which one it is.',
  'set up':
    'Who was only seen in usage has the currency, time zone and plan of the settings. Once set up, a customer keeps its own, whatever the settings say later.',
  'plan change':
    'A change within a month splits it at midnight: tiers and included units begin anew, and each plan charges its share of a fixed fee or minimum.',
  version: 'Each change of a plan makes a new version. Drafts follow the newest one, final invoices keep theirs.',
  'per unit': 'Quantity × price. Units that are included are free.',
  graduated: 'A price in steps: each unit costs what the step says that it falls into.',
  volume: 'A price in steps: all units cost what the step says that the whole quantity reaches.',
  package: 'A price for each package of units. A package that has been started counts whole.',
  flat: 'A fixed fee for the period, whatever the usage.',
  tier: 'A step of a price: the units up to a limit. The limit itself still belongs to the step.',
  'flat fee': 'A fixed amount that is due once a step of the price has been reached.',
  included: 'Units that are free in each period. Only what goes beyond them is charged.',
  proration: 'A fixed fee or minimum for a part of a month costs that part of it, by the exact seconds.',
  unpriced:
    'Usage that no price covers: its customer has no plan, or the plan has none for this meter. It is listed with an amount of 0, so that nobody overlooks it.',
  covered: 'Usage that a fixed fee pays for. It is listed with an amount of 0.',

  // Usage
  meter: 'What is counted, such as calls, seconds or tokens. Each meter is a line of the invoice.',
  'meter key': 'What files and plans call this meter. Its name may be changed, the key stays.',
  unit: 'What one of it is called on invoices, such as calls or GB. It changes no figure.',
  aggregation:
    'How single events become one quantity: their sum, their number, the largest, the last, or how many different values there are.',
  quantity: 'How much was used, exactly as the file said it. Quantities are never rounded.',
  event: 'One measured quantity of one customer at one moment. A line of a file gives one event for each meter.',
  'event id':
    'By this an event is known when it is reported again for the same customer. It stands in the file, or is made from what the line says or where it stands.',
  'source line': 'The line of the uploaded file that the record came from. Open a record to see it among its neighbours.',
  property: 'A column that is kept with each event, such as a region. A meter can count how many different values of it there are.',
  'previous period': 'The same length of time right before the one you look at; of a month, the month before.',
  'still open': 'It is not over yet, so more usage may come and the figure may grow.',
  live: 'New usage appears here by itself. The time says up to which moment nothing is missing.',

  // Imports
  import: 'One file that was taken in, with everything that came of it. An import can be undone.',
  'dry run': 'Reads and checks the whole file and says what would change. Nothing is stored.',
  detected: 'Found out from the beginning of the file: how its text, cells and header are written. Choose another where it is wrong.',
  mapping: 'Which column of the file says what: the customer, the time, the quantity, the meter.',
  'saved mapping': 'A mapping kept under a name for the next file of its kind. Those of well-known cloud bills are built in.',
  measure: 'What a line says was used: a meter and a quantity. A line with several measures gives one event for each.',
  'source zone': 'Times that say no offset of their own are read as local times of this zone.',
  'left out':
    'Lines that say anything else are no usage, such as taxes in a cloud bill. They are counted as rejected, so that none is lost.',
  'shown to the customer': 'Columns of the line that a customer may see, beside those that say what was used.',
  identity: 'What makes an event the same one when it is seen again: an id column, or the content of the line, or its place in the file.',
  new: 'Seen for the first time, stored and billed.',
  known: 'Already here with the same content, from another line or file. It is not counted twice.',
  conflict: 'The same event with another content. What came first is counted until somebody decides.',
  decision:
    'Which of the versions is billed. Final invoices stay as they are, and the next one makes up for the difference; you may decide otherwise later.',
  rejected: 'A line that could not be read as usage. You can download these lines, mend them and import them again.',
  'suspected double':
    'Another import has an event with the same customer, meter, time and quantity under another id. Both are billed: look whether one of the files is to be undone.',
  published: 'Put into the event log, from which both stores take it. Each published event is accounted for until it has an outcome.',
  accepted: 'Stored and billed: the event is counted on its customer’s invoice.',
  outcome: 'What became of a line or an event: new, already known, in conflict, rejected or set aside. One without an outcome is a fault.',
  undo: 'Takes back everything that one import brought. What another file reported too stays.',
  'file hash': 'A fingerprint of the file as it was uploaded. The same file always has the same one, another file another.',

  // Pipeline
  'dead letter': 'A message that could not be understood. It is kept with its reason, and can be tried again.',
  replay: 'Puts the message back into the log, for instance after its cause was mended. If it is an event now, it is counted once.',
  store: 'Usage is kept twice: event by event in Postgres, and added up in ClickHouse. Each is checked against the other.',
  consumer: 'The part of the program that takes events from the log into a store. What it has not come to yet is its lag.',
  log: 'What comes in stands here first, in its order. The figure is the place that the next event gets.',
  records: 'The step that stores every event in Postgres, and finds out whether it is new, already known or in conflict.',
  rollups: 'The step that brings accepted events to ClickHouse, where they are added up for charts and invoices.',
  watermark: 'How far the work has come: everything that had come in by this moment is in both stores, nothing is left out.',
  lag: 'How many events have come in and are not stored yet.',
  partition: 'Incoming events are dealt out to several queues, so that they can be worked on side by side. A partition is one of them.',
  reconciliation:
    'Usage is kept in two stores. They are compared by customer, meter and hour, again and again; “adds up” means they agree.',
  undecided: 'An undo or a decision about this hour is under way, or it has yet to be compared again.',
  rebuild: 'Makes the sums for charts and invoices anew from the records. Pages keep working meanwhile.',
  'adds up': 'The parts were added together just now, and they come to this figure exactly.',
} as const satisfies Record<string, string>;

export type TermName = keyof typeof TERMS;
