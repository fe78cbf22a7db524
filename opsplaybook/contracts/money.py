"""What was agreed and what was paid: contracts, invoices, opportunities, spend."""

from opsplaybook.contracts.base import (
    Contract,
    Date,
    Facts,
    Flag,
    Number,
    Order,
    Reveal,
    Text,
    Whole,
    optional,
    required,
)

RENEWAL_OUTCOMES = ("renewed", "lost", "open")
LOSS_KINDS = ("internal", "external", "product", "other")
"""Internal: people or plans of the customer changed. External: a competitor, its price."""
DEAL_KINDS = ("new", "renewal", "upsell")
DEAL_OUTCOMES = ("won", "lost", "open")


class Contracts(
    Contract,
    facts=Facts(
        table="contracts",
        key=("contract_id",),
        refers_to={"account_id": "accounts", "renews_contract_id": "contracts"},
        dated_by=("signed_on", "start_on"),
        reveals=(
            Reveal(
                on=("decided_on", "end_on"),
                columns=("renewed_value", "loss_reason", "loss_kind", "competitor"),
                before=(("outcome", "open"),),
            ),
        ),
        orders=(Order("start_on", "end_on"),),
        plans_ahead=True,
    ),
):
    """One term of a contract: from its start to the day on which it is due for renewal.

    The outcome is what happened at the end of the term. Without `decided_on` it counts as known
    on `end_on`, which stays visible: the end of a term is agreed at its start.
    """

    contract_id: Text = required("Contract", "Key of the term.")
    account_id: Text = required("Account", "Account that signed.")
    start_on: Date = required("Start", "First day of the term.")
    end_on: Date | None = optional("End", "Last day of the term; the renewal is due then.")
    signed_on: Date | None = optional("Signed", "Day of signature.")
    product: Text | None = optional("Product", "Product or plan.")
    annual_value: Number | None = optional(
        "Annual value", "Recurring value of a year.", unit="money", at_least=0
    )
    currency: Text | None = optional("Currency", "Currency of the row's money (ISO 4217).")
    seats: Whole | None = optional("Seats", "Users paid for.", unit="users", at_least=0)
    billing: Text | None = optional("Billing", "How often it is billed.")
    auto_renew: Flag | None = optional("Renews itself", "Renewed unless notice is given.")
    notice_days: Whole | None = optional(
        "Notice", "Days before the end by which notice must be given.", unit="days", at_least=0
    )
    renews_contract_id: Text | None = optional("Renews", "Term that this one follows.")
    outcome: Text | None = optional("Outcome", "What became of the term.", allowed=RENEWAL_OUTCOMES)
    decided_on: Date | None = optional("Decided", "Day on which the outcome was known.")
    renewed_value: Number | None = optional(
        "Renewed value", "Annual value of the term that followed.", unit="money", at_least=0
    )
    loss_reason: Text | None = optional("Reason of loss", "Why it was lost, in short.")
    loss_kind: Text | None = optional("Kind of loss", "Where the reason lies.", allowed=LOSS_KINDS)
    competitor: Text | None = optional("Competitor", "Who won it instead.")


class Invoices(
    Contract,
    facts=Facts(
        table="invoices",
        key=("invoice_id",),
        refers_to={"account_id": "accounts", "contract_id": "contracts"},
        dated_by=("issued_on",),
        reveals=(Reveal(on=("paid_on",)),),
        orders=(Order("issued_on", "due_on"),),
    ),
):
    """An invoice. A negative amount is a credit note or a cancellation."""

    invoice_id: Text = required("Invoice", "Key of the invoice.")
    account_id: Text | None = optional("Account", "Account that was invoiced, where known.")
    issued_on: Date = required("Issued", "Day of issue.")
    amount: Number = required("Amount", "Amount without tax.", unit="money")
    currency: Text | None = optional("Currency", "Currency of the row's money (ISO 4217).")
    due_on: Date | None = optional("Due", "Day by which it is to be paid.")
    paid_on: Date | None = optional("Paid", "Day of payment; missing while open.")
    cost: Number | None = optional("Cost", "What the delivery cost.", unit="money")
    quantity: Number | None = optional("Quantity", "Units sold.", unit="units")
    product: Text | None = optional("Product", "Product or plan.")
    contract_id: Text | None = optional("Contract", "Term that it belongs to.")


class Opportunities(
    Contract,
    facts=Facts(
        table="opportunities",
        key=("opportunity_id",),
        refers_to={"account_id": "accounts", "event_id": "events", "contact_id": "contacts"},
        dated_by=("opened_on",),
        reveals=(
            Reveal(on=("stage_on", "closed_on"), columns=("stage", "probability")),
            Reveal(on=("qualified_on",)),
            Reveal(
                on=("closed_on",),
                columns=("closed_amount", "loss_reason", "competitor"),
                before=(("outcome", "open"),),
            ),
        ),
        as_exported=("stage", "probability", "owner"),
        orders=(Order("opened_on", "closed_on"), Order("opened_on", "qualified_on")),
    ),
):
    """A deal in the pipeline.

    `amount` is what the deal is expected to bring, known from the day it is opened;
    `closed_amount` is what it brought. A source that fills one column on closing maps it to the
    latter, lest a past pipeline know its own future.
    """

    opportunity_id: Text = required("Opportunity", "Key of the deal.")
    account_id: Text | None = optional("Account", "Account that may buy.")
    event_id: Text | None = optional("Event", "Event that sourced the deal.")
    contact_id: Text | None = optional("Contact", "Person who was spoken with first.")
    kind: Text | None = optional("Kind", "What kind of deal.", allowed=DEAL_KINDS)
    product: Text | None = optional("Product", "Product or plan.")
    owner: Text | None = optional("Owner", "Who works on the deal.")
    source: Text | None = optional("Source", "Channel that brought the deal.")
    opened_on: Date | None = optional("Opened", "Day on which it was opened.")
    qualified_on: Date | None = optional("Qualified", "Day on which it was qualified.")
    stage: Text | None = optional("Stage", "Stage of the pipeline.")
    stage_on: Date | None = optional("In stage since", "Day on which it reached that stage.")
    probability: Number | None = optional(
        "Probability", "Chance to win as maintained by the company.", at_least=0, at_most=1
    )
    expected_close_on: Date | None = optional("Expected", "Day on which closing is expected.")
    closed_on: Date | None = optional("Closed", "Day on which it was won or lost.")
    outcome: Text | None = optional("Outcome", "What became of it.", allowed=DEAL_OUTCOMES)
    amount: Number | None = optional("Amount", "What it is expected to bring.", unit="money")
    closed_amount: Number | None = optional(
        "Closed amount", "What it brought; 0 when lost.", unit="money"
    )
    currency: Text | None = optional("Currency", "Currency of the row's money (ISO 4217).")
    loss_reason: Text | None = optional("Reason of loss", "Why it was lost, in short.")
    competitor: Text | None = optional("Competitor", "Who won it instead.")


class Spend(
    Contract,
    facts=Facts(
        table="spend",
        dated_by=("starts_on",),
        orders=(Order("starts_on", "ends_on"),),
        plans_ahead=True,
    ),
):
    """Money spent to acquire customers, for one channel and period."""

    channel: Text = required("Channel", "Channel of acquisition.")
    starts_on: Date | None = optional("Start", "First day of the period.")
    ends_on: Date | None = optional("End", "Last day of the period.")
    amount: Number = required("Amount", "Money spent.", unit="money", at_least=0)
    currency: Text | None = optional("Currency", "Currency of the row's money (ISO 4217).")
    campaign: Text | None = optional("Campaign", "Campaign within the channel.")
    kind: Text | None = optional("Kind", "What it was spent on: media, people, tools.")
    impressions: Whole | None = optional("Impressions", "Times shown.", at_least=0)
    clicks: Whole | None = optional("Clicks", "Times clicked.", at_least=0)
    leads: Whole | None = optional("Leads", "Enquiries that came of it.", at_least=0)
    new_accounts: Whole | None = optional("New accounts", "Customers won by it.", at_least=0)
