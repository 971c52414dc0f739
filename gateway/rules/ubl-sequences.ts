/**
 * The order of elements in UBL 2.1 (OASIS, 4 November 2013), as far as EN 16931's binding uses it. After a name, `!`
 * means exactly one, `+` one or more, and `*` any number. A name without a sign means at most one.
 */
const REFERENCES = 'cac:DespatchDocumentReference* cac:ReceiptDocumentReference*';
const HEAD_CODES =
  'cbc:TaxCurrencyCode cbc:PricingCurrencyCode cbc:PaymentCurrencyCode cbc:PaymentAlternativeCurrencyCode cbc:AccountingCostCode cbc:AccountingCost cbc:LineCountNumeric cbc:BuyerReference cac:InvoicePeriod*';
const BEGIN =
  'ext:UBLExtensions cbc:UBLVersionID cbc:CustomizationID cbc:ProfileID cbc:ProfileExecutionID cbc:ID! cbc:CopyIndicator cbc:UUID cbc:IssueDate! cbc:IssueTime';
const PARTIES =
  'cac:AccountingSupplierParty! cac:AccountingCustomerParty! cac:PayeeParty cac:BuyerCustomerParty cac:SellerSupplierParty cac:TaxRepresentativeParty cac:Delivery*';
const EXCHANGE =
  'cac:TaxExchangeRate cac:PricingExchangeRate cac:PaymentExchangeRate cac:PaymentAlternativeExchangeRate';
const LINE_CODES =
  'cbc:TaxPointDate cbc:AccountingCostCode cbc:AccountingCost cbc:PaymentPurposeCode cbc:FreeOfChargeIndicator cac:InvoicePeriod* cac:OrderLineReference*';
const LINE_REFERENCES =
  'cac:DespatchLineReference* cac:ReceiptLineReference* cac:BillingReference* cac:DocumentReference* cac:PricingReference cac:OriginatorParty cac:Delivery* cac:PaymentTerms*';
const PARTY =
  'cbc:MarkCareIndicator cbc:MarkAttentionIndicator cbc:WebsiteURI cbc:LogoReferenceID cbc:EndpointID cbc:IndustryClassificationCode cac:PartyIdentification* cac:PartyName* cac:Language cac:PostalAddress cac:PhysicalLocation cac:PartyTaxScheme* cac:PartyLegalEntity* cac:Contact cac:Person* cac:AgentParty cac:ServiceProviderParty* cac:PowerOfAttorney* cac:FinancialAccount';
const ADDRESS =
  'cbc:ID cbc:AddressTypeCode cbc:AddressFormatCode cbc:Postbox cbc:Floor cbc:Room cbc:StreetName cbc:AdditionalStreetName cbc:BlockName cbc:BuildingName cbc:BuildingNumber cbc:InhouseMail cbc:Department cbc:MarkAttention cbc:MarkCare cbc:PlotIdentification cbc:CitySubdivisionName cbc:CityName cbc:PostalZone cbc:CountrySubentity cbc:CountrySubentityCode cbc:Region cbc:District cbc:TimezoneOffset cac:AddressLine* cac:Country cac:LocationCoordinate*';
const TAX_CATEGORY =
  'cbc:ID cbc:Name cbc:Percent cbc:BaseUnitMeasure cbc:PerUnitAmount cbc:TaxExemptionReasonCode cbc:TaxExemptionReason* cbc:TierRange cbc:TierRatePercent cac:TaxScheme!';
const TAX_TOTAL =
  'cbc:TaxAmount! cbc:RoundingAmount cbc:TaxEvidenceIndicator cbc:TaxIncludedIndicator cac:TaxSubtotal*';
const DOCUMENT_REFERENCE =
  'cbc:ID! cbc:CopyIndicator cbc:UUID cbc:IssueDate cbc:IssueTime cbc:DocumentTypeCode cbc:DocumentType cbc:XPath* cbc:LanguageID cbc:LocaleCode cbc:VersionID cbc:DocumentStatusCode cbc:DocumentDescription* cac:Attachment cac:ValidityPeriod cac:IssuerParty cac:ResultOfVerification';
const ITEM_IDENTIFICATION =
  'cbc:ID! cbc:ExtendedID cbc:BarcodeSymbologyID cac:PhysicalAttribute* cac:MeasurementDimension* cac:IssuerParty';

const SEQUENCES: Readonly<Record<string, string>> = {
  Invoice: `${BEGIN} cbc:DueDate cbc:InvoiceTypeCode cbc:Note* cbc:TaxPointDate cbc:DocumentCurrencyCode ${HEAD_CODES} cac:OrderReference cac:BillingReference* ${REFERENCES} cac:StatementDocumentReference* cac:OriginatorDocumentReference* cac:ContractDocumentReference* cac:AdditionalDocumentReference* cac:ProjectReference* cac:Signature* ${PARTIES} cac:DeliveryTerms cac:PaymentMeans* cac:PaymentTerms* cac:PrepaidPayment* cac:AllowanceCharge* ${EXCHANGE} cac:TaxTotal* cac:WithholdingTaxTotal* cac:LegalMonetaryTotal! cac:InvoiceLine+`,
  CreditNote: `${BEGIN} cbc:TaxPointDate cbc:CreditNoteTypeCode cbc:Note* cbc:DocumentCurrencyCode ${HEAD_CODES} cac:DiscrepancyResponse* cac:OrderReference cac:BillingReference* ${REFERENCES} cac:ContractDocumentReference* cac:AdditionalDocumentReference* cac:StatementDocumentReference* cac:OriginatorDocumentReference* cac:Signature* ${PARTIES} cac:DeliveryTerms* cac:PaymentMeans* cac:PaymentTerms* ${EXCHANGE} cac:AllowanceCharge* cac:TaxTotal* cac:LegalMonetaryTotal! cac:CreditNoteLine+`,
  'cac:AccountingSupplierParty':
    'cbc:CustomerAssignedAccountID cbc:AdditionalAccountID* cbc:DataSendingCapability cac:Party cac:DespatchContact cac:AccountingContact cac:SellerContact',
  'cac:AccountingCustomerParty':
    'cbc:CustomerAssignedAccountID cbc:SupplierAssignedAccountID cbc:AdditionalAccountID* cac:Party cac:DeliveryContact cac:AccountingContact cac:BuyerContact',
  'cac:Party': PARTY,
  'cac:PayeeParty': PARTY,
  'cac:TaxRepresentativeParty': PARTY,
  'cac:PartyName': 'cbc:Name!',
  'cac:PartyIdentification': 'cbc:ID!',
  'cac:PostalAddress': ADDRESS,
  'cac:Address': ADDRESS,
  'cac:AddressLine': 'cbc:Line!',
  'cac:Country': 'cbc:IdentificationCode cbc:Name',
  'cac:PartyTaxScheme':
    'cbc:RegistrationName cbc:CompanyID cbc:TaxLevelCode cbc:ExemptionReasonCode cbc:ExemptionReason* cac:RegistrationAddress cac:TaxScheme!',
  'cac:TaxScheme': 'cbc:ID cbc:Name cbc:TaxTypeCode cbc:CurrencyCode cac:JurisdictionRegionAddress*',
  'cac:PartyLegalEntity':
    'cbc:RegistrationName cbc:CompanyID cbc:RegistrationDate cbc:RegistrationExpirationDate cbc:CompanyLegalFormCode cbc:CompanyLegalForm cbc:SoleProprietorshipIndicator cbc:CompanyLiquidationStatusCode cbc:CorporateStockAmount cbc:FullyPaidSharesIndicator cac:RegistrationAddress cac:CorporateRegistrationScheme cac:HeadOfficeParty cac:ShareholderParty*',
  'cac:Contact':
    'cbc:ID cbc:Name cbc:Telephone cbc:Telefax cbc:ElectronicMail cbc:Note* cac:OtherCommunication*',
  'cac:InvoicePeriod':
    'cbc:StartDate cbc:StartTime cbc:EndDate cbc:EndTime cbc:DurationMeasure cbc:DescriptionCode* cbc:Description*',
  'cac:OrderReference':
    'cbc:ID! cbc:SalesOrderID cbc:CopyIndicator cbc:UUID cbc:IssueDate cbc:IssueTime cbc:CustomerReference cbc:OrderTypeCode cac:DocumentReference',
  'cac:BillingReference':
    'cac:InvoiceDocumentReference cac:SelfBilledInvoiceDocumentReference cac:CreditNoteDocumentReference cac:SelfBilledCreditNoteDocumentReference cac:DebitNoteDocumentReference cac:ReminderDocumentReference cac:AdditionalDocumentReference cac:BillingReferenceLine*',
  'cac:InvoiceDocumentReference': DOCUMENT_REFERENCE,
  'cac:AdditionalDocumentReference': DOCUMENT_REFERENCE,
  'cac:ContractDocumentReference': DOCUMENT_REFERENCE,
  'cac:DespatchDocumentReference': DOCUMENT_REFERENCE,
  'cac:ReceiptDocumentReference': DOCUMENT_REFERENCE,
  'cac:OriginatorDocumentReference': DOCUMENT_REFERENCE,
  'cac:ProjectReference': 'cbc:ID! cbc:UUID cbc:IssueDate cac:WorkPhaseReference*',
  'cac:Delivery':
    'cbc:ID cbc:Quantity cbc:MinimumQuantity cbc:MaximumQuantity cbc:ActualDeliveryDate cbc:ActualDeliveryTime cbc:LatestDeliveryDate cbc:LatestDeliveryTime cbc:ReleaseID cbc:TrackingID cac:DeliveryAddress cac:DeliveryLocation cac:AlternativeDeliveryLocation cac:RequestedDeliveryPeriod cac:PromisedDeliveryPeriod cac:EstimatedDeliveryPeriod cac:CarrierParty cac:DeliveryParty cac:NotifyParty* cac:Despatch cac:DeliveryTerms* cac:MinimumDeliveryUnit cac:MaximumDeliveryUnit cac:Shipment',
  'cac:DeliveryLocation':
    'cbc:ID cbc:Description* cbc:Conditions* cbc:CountrySubentity cbc:CountrySubentityCode cbc:LocationTypeCode cbc:InformationURI cbc:Name cac:ValidityPeriod* cac:Address cac:SubsidiaryLocation* cac:LocationCoordinate*',
  'cac:PaymentMeans':
    'cbc:ID cbc:PaymentMeansCode! cbc:PaymentDueDate cbc:PaymentChannelCode cbc:InstructionID cbc:InstructionNote* cbc:PaymentID* cac:CardAccount cac:PayerFinancialAccount cac:PayeeFinancialAccount cac:CreditAccount cac:PaymentMandate cac:TradeFinancing',
  'cac:PayeeFinancialAccount':
    'cbc:ID cbc:Name cbc:AliasName cbc:AccountTypeCode cbc:AccountFormatCode cbc:CurrencyCode cbc:PaymentNote* cac:FinancialInstitutionBranch cac:Country',
  'cac:PaymentTerms':
    'cbc:ID cbc:PaymentMeansID* cbc:PrepaidPaymentReferenceID cbc:Note* cbc:ReferenceEventCode cbc:SettlementDiscountPercent cbc:PenaltySurchargePercent cbc:PaymentPercent cbc:Amount cbc:SettlementDiscountAmount cbc:PenaltyAmount cbc:PaymentTermsDetailsURI cbc:PaymentDueDate cbc:InstallmentDueDate cbc:InvoicingPartyReference cac:SettlementPeriod cac:PenaltyPeriod cac:ExchangeRate cac:ValidityPeriod',
  'cac:AllowanceCharge':
    'cbc:ID cbc:ChargeIndicator! cbc:AllowanceChargeReasonCode cbc:AllowanceChargeReason* cbc:MultiplierFactorNumeric cbc:PrepaidIndicator cbc:SequenceNumeric cbc:Amount! cbc:BaseAmount cbc:AccountingCostCode cbc:AccountingCost cbc:PerUnitAmount cac:TaxCategory* cac:TaxTotal cac:PaymentMeans*',
  'cac:TaxCategory': TAX_CATEGORY,
  'cac:ClassifiedTaxCategory': TAX_CATEGORY,
  'cac:TaxTotal': TAX_TOTAL,
  'cac:WithholdingTaxTotal': TAX_TOTAL,
  'cac:TaxSubtotal':
    'cbc:TaxableAmount cbc:TaxAmount! cbc:CalculationSequenceNumeric cbc:TransactionCurrencyTaxAmount cbc:Percent cbc:BaseUnitMeasure cbc:PerUnitAmount cbc:TierRange cbc:TierRatePercent cac:TaxCategory!',
  'cac:LegalMonetaryTotal':
    'cbc:LineExtensionAmount cbc:TaxExclusiveAmount cbc:TaxInclusiveAmount cbc:AllowanceTotalAmount cbc:ChargeTotalAmount cbc:PrepaidAmount cbc:PayableRoundingAmount cbc:PayableAmount! cbc:PayableAlternativeAmount',
  'cac:InvoiceLine': `cbc:ID! cbc:UUID cbc:Note* cbc:InvoicedQuantity cbc:LineExtensionAmount! ${LINE_CODES} ${LINE_REFERENCES} cac:AllowanceCharge* cac:TaxTotal* cac:WithholdingTaxTotal* cac:Item! cac:Price cac:DeliveryTerms cac:SubInvoiceLine* cac:ItemPriceExtension`,
  'cac:CreditNoteLine': `cbc:ID! cbc:UUID cbc:Note* cbc:CreditedQuantity cbc:LineExtensionAmount ${LINE_CODES} cac:DiscrepancyResponse* ${LINE_REFERENCES} cac:TaxTotal* cac:AllowanceCharge* cac:Item cac:Price cac:DeliveryTerms* cac:SubCreditNoteLine* cac:ItemPriceExtension`,
  'cac:Item':
    'cbc:Description* cbc:PackQuantity cbc:PackSizeNumeric cbc:CatalogueIndicator cbc:Name cbc:HazardousRiskIndicator cbc:AdditionalInformation* cbc:Keyword* cbc:BrandName* cbc:ModelName* cac:BuyersItemIdentification cac:SellersItemIdentification cac:ManufacturersItemIdentification* cac:StandardItemIdentification cac:CatalogueItemIdentification cac:AdditionalItemIdentification* cac:CatalogueDocumentReference cac:ItemSpecificationDocumentReference* cac:OriginCountry cac:CommodityClassification* cac:TransactionConditions* cac:HazardousItem* cac:ClassifiedTaxCategory* cac:AdditionalItemProperty* cac:ManufacturerParty* cac:InformationContentProviderParty cac:OriginAddress* cac:ItemInstance* cac:Certificate* cac:Dimension*',
  'cac:BuyersItemIdentification': ITEM_IDENTIFICATION,
  'cac:SellersItemIdentification': ITEM_IDENTIFICATION,
  'cac:StandardItemIdentification': ITEM_IDENTIFICATION,
  'cac:Price':
    'cbc:PriceAmount! cbc:BaseQuantity cbc:PriceChangeReason* cbc:PriceTypeCode cbc:PriceType cbc:OrderableUnitFactorRate cac:ValidityPeriod* cac:PriceList cac:AllowanceCharge* cac:PricingExchangeRate',
  'cac:CommodityClassification':
    'cbc:NatureCode cbc:CargoTypeCode cbc:CommodityCode cbc:ItemClassificationCode',
  'cac:AdditionalItemProperty':
    'cbc:ID cbc:Name! cbc:NameCode cbc:TestMethod cbc:Value cbc:ValueQuantity cbc:ValueQualifier* cbc:ImportanceCode cbc:ListValue* cac:UsabilityPeriod cac:ItemPropertyGroup* cac:RangeDimension cac:ItemPropertyRange',
  'cac:OriginCountry': 'cbc:IdentificationCode cbc:Name',
  'cac:OrderLineReference': 'cbc:LineID! cbc:SalesOrderLineID cbc:UUID cbc:LineStatusCode cac:OrderReference',
};

/** One element of a sequence. */
export interface Particle {
  readonly place: number;
  readonly least: 0 | 1;
  readonly most: number;
}

/** The contents of an element. */
export interface Content {
  readonly particles: ReadonlyMap<string, Particle>;
  /** The number of children that the element must have. */
  readonly required: number;
}

/** The children of an element by name, each with its position and its allowed number. */
export const CONTENTS: ReadonlyMap<string, Content> = new Map(
  Object.entries(SEQUENCES).map(([name, sequence]) => {
    const words = sequence.split(' ');
    const particles = new Map(
      words.map((word, place) => [word.replace(/[!+*]$/, ''), particle(word, place)] as const),
    );
    return [name, { particles, required: words.filter((word) => /[!+]$/.test(word)).length }];
  }),
);

function particle(word: string, place: number): Particle {
  const mark = word.at(-1);
  return {
    place,
    least: mark === '!' || mark === '+' ? 1 : 0,
    most: mark === '*' || mark === '+' ? Number.POSITIVE_INFINITY : 1,
  };
}
