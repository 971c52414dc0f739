import { writeXml } from '../output/xml-writer.ts';
import type { Maybe } from './cii-nodes.ts';
import { dateNode, idNodes, leaf, node } from './cii-nodes.ts';
import type { SemanticInvoice } from './semantic-invoice.ts';
import { ciiLine } from './to-cii-lines.ts';
import { addressNode, ciiParty } from './to-cii-parties.ts';
import { settlementNode } from './to-cii-settlement.ts';

const UN = 'urn:un:unece:uncefact:data:standard';
const CORE = 'urn:cen.eu:en16931:2017';

/**
 * Writes an invoice or credit note as CrossIndustryInvoice (D16B) by CEN/TS 16931-3-3, with the elements in the
 * schema's order.
 */
export function toCii(invoice: SemanticInvoice): string {
  const trade: Maybe[] = [
    ...invoice.lines.map(ciiLine),
    agreementNode(invoice),
    deliveryNode(invoice),
    settlementNode(invoice),
  ];
  const context = [
    node('BusinessProcessSpecifiedDocumentContextParameter', leaf('ID', invoice.process)),
    node('GuidelineSpecifiedDocumentContextParameter', leaf('ID', CORE)),
  ];
  return writeXml({
    name: 'rsm:CrossIndustryInvoice',
    namespaces: {
      rsm: `${UN}:CrossIndustryInvoice:100`,
      ram: `${UN}:ReusableAggregateBusinessInformationEntity:100`,
      qdt: `${UN}:QualifiedDataType:100`,
      udt: `${UN}:UnqualifiedDataType:100`,
    },
    children: [
      { name: 'rsm:ExchangedDocumentContext', children: present(context) },
      { name: 'rsm:ExchangedDocument', children: present(headerNodes(invoice)) },
      { name: 'rsm:SupplyChainTradeTransaction', children: present(trade) },
    ],
  });
}

function present(nodes: readonly Maybe[]): NonNullable<Maybe>[] {
  return nodes.filter((each) => each !== undefined);
}

function headerNodes(invoice: SemanticInvoice): Maybe[] {
  return [
    leaf('ID', invoice.number),
    leaf('TypeCode', invoice.typeCode),
    dateNode('IssueDateTime', invoice.issueDate),
    ...invoice.notes.map(({ subject, text }) =>
      node('IncludedNote', leaf('Content', text), leaf('SubjectCode', subject)),
    ),
  ];
}

function agreementNode(invoice: SemanticInvoice): Maybe {
  const reference = (name: string, id: string | undefined): Maybe => node(name, leaf('IssuerAssignedID', id));
  const { project, invoicedObject, tender, taxRepresentative } = invoice;
  const agreed = node(
    'ApplicableHeaderTradeAgreement',
    leaf('BuyerReference', invoice.buyerReference),
    ciiParty('SellerTradeParty', invoice.seller),
    ciiParty('BuyerTradeParty', invoice.buyer),
    taxRepresentative && ciiParty('SellerTaxRepresentativeTradeParty', taxRepresentative),
    reference('SellerOrderReferencedDocument', invoice.salesOrder),
    reference('BuyerOrderReferencedDocument', invoice.order),
    reference('ContractReferencedDocument', invoice.contract),
    invoice.documents.map(({ id, uri, description, content }) =>
      node(
        'AdditionalReferencedDocument',
        leaf('IssuerAssignedID', id),
        leaf('URIID', uri),
        leaf('TypeCode', '916'),
        leaf('Name', description),
        content &&
          leaf('AttachmentBinaryObject', content.base64, {
            mimeCode: content.mediaType,
            filename: content.filename,
          }),
      ),
    ),
    tender === undefined
      ? undefined
      : node('AdditionalReferencedDocument', leaf('IssuerAssignedID', tender), leaf('TypeCode', '50')),
    invoicedObject &&
      node(
        'AdditionalReferencedDocument',
        leaf('IssuerAssignedID', invoicedObject.value),
        leaf('TypeCode', '130'),
        leaf('ReferenceTypeCode', invoicedObject.scheme),
      ),
    project === undefined
      ? undefined
      : node('SpecifiedProcuringProject', leaf('ID', project), leaf('Name', 'Project reference')),
  );
  return agreed ?? { name: 'ram:ApplicableHeaderTradeAgreement', children: [] };
}

function deliveryNode({ delivery, despatchAdvice, receivingAdvice }: SemanticInvoice): Maybe {
  const { location, address, name, date } = delivery;
  const delivered = node(
    'ApplicableHeaderTradeDelivery',
    node(
      'ShipToTradeParty',
      location && idNodes([location]),
      leaf('Name', name),
      address && addressNode(address),
    ),
    node('ActualDeliverySupplyChainEvent', dateNode('OccurrenceDateTime', date)),
    node('DespatchAdviceReferencedDocument', leaf('IssuerAssignedID', despatchAdvice)),
    node('ReceivingAdviceReferencedDocument', leaf('IssuerAssignedID', receivingAdvice)),
  );
  // The schema requires this element, even when it is empty.
  return delivered ?? { name: 'ram:ApplicableHeaderTradeDelivery', children: [] };
}
