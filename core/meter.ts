/** What makes a meter sound. Faults are values that point at the field. */
import type { Aggregation } from '../schemas/http/customers.ts';
import type { FieldError } from './errors.ts';

export function checkMeter(meter: { aggregation?: Aggregation; property?: string | null }): FieldError[] {
  const { aggregation = 'sum', property = null } = meter;
  if (aggregation === 'unique' && property === null) {
    const message = 'unique counts the different values of a property of the events: name it';
    return [{ path: 'property', code: 'property_missing', message }];
  }
  if (aggregation !== 'unique' && property !== null) {
    const message = `${aggregation} asks for no property; only unique does`;
    return [{ path: 'property', code: 'property_unused', message }];
  }
  return [];
}
