//! The report as text for people.

use std::fmt::{self, Display, Formatter};

use crate::report::{Quantiles, Report};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt_settings(f)?;
        self.fmt_figures(f)?;
        self.fmt_costs(f)?;
        self.fmt_verdict(f)
    }
}

impl Report {
    fn fmt_settings(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (options, machine) = (&self.options, &self.machine);
        let way = if options.gateway { "through the gateway" } else { "straight to the services" };
        let loop_ = options.rate.map_or("closed loop".into(), |rate| format!("open loop, {rate} orders/s"));
        let money = if options.declined { "without money" } else { "with money" };
        writeln!(
            f,
            "\nSettings    {way}, {loop_}, {} connections, {} accounts {money}, {} of each service, \
             {} s after {} s of warm-up, {} build",
            options.connections,
            options.accounts,
            options.replicas,
            options.seconds,
            options.warmup_seconds,
            self.profile
        )?;
        writeln!(
            f,
            "Machine     {} cores ({}), {} MiB, Linux {}",
            machine.cores, machine.cpu_model, machine.memory_mib, machine.kernel
        )?;
        let settings: Vec<_> =
            machine.postgres.iter().map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "PostgreSQL  {}", settings.join(", "))?;
        writeln!(f, "RabbitMQ    {}", machine.rabbitmq_version)
    }

    fn fmt_figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let throughput = &self.throughput;
        writeln!(f, "\nOrders to FINISHED    {:>9.0} orders/s", throughput.orders_per_second)?;
        writeln!(
            f,
            "                      {} orders in {:.2} s, {:.3} s of it after the last answer",
            throughput.orders, throughput.window_seconds, throughput.drain_seconds
        )?;
        writeln!(f, "Answers               {:>9.0} answers/s", throughput.answers_per_second)?;
        if let Some(yardstick) = &self.yardstick {
            writeln!(
                f,
                "Yardstick             {:>9.0} transactions/s ({:.0} before, {:.0} after)\n                      {}",
                yardstick.mean_per_second,
                yardstick.before_per_second,
                yardstick.after_per_second,
                yardstick.command
            )?;
            writeln!(f, "Ratio                 {:>9.3}", yardstick.ratio)?;
        }
        writeln!(f, "\nLatency, ms                p50      p95      p99      max")?;
        self.fmt_quantiles(f, "POST → 201", &self.latency.to_created)?;
        if self.latency.to_refused.count > 0 {
            self.fmt_quantiles(f, "POST → 503", &self.latency.to_refused)?;
        }
        self.fmt_quantiles(f, "POST → FINISHED", &self.latency.to_finished)?;
        writeln!(f, "The latter of the orders watched, asked for {} times.", self.latency.polls)?;
        if let Some(live) = &self.live {
            self.fmt_quantiles(f, "FINISHED → told", &live.settled_to_told)?;
            writeln!(
                f,
                "Live clients          {}, {:.1} KiB each; {} messages, {} resets, {} let go, {} missing",
                live.clients,
                live.resident_kib_per_client,
                live.messages,
                live.resets,
                live.closed,
                live.missing
            )?;
        }
        if let Some(backlog) = &self.backlog {
            writeln!(
                f,
                "Backlog               {} orders; out of the outbox after {:.1} s, final after {:.1} s",
                backlog.orders, backlog.outbox_seconds, backlog.settled_seconds
            )?;
            writeln!(
                f,
                "                      {:.0} new orders/s until then; a claim took {:.1} ms at first, {:.1} ms at last",
                backlog.created_per_second, backlog.first_claims_ms, backlog.last_claims_ms
            )?;
        }
        let answers: Vec<_> =
            self.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        writeln!(f, "\nAnswers               {}", answers.join(", "))?;
        if self.unanswered + self.never_sent > 0 {
            writeln!(
                f,
                "                      {} unanswered, {} never sent",
                self.unanswered, self.never_sent
            )?;
        }
        Ok(())
    }

    fn fmt_quantiles(&self, f: &mut Formatter<'_>, what: &str, quantiles: &Quantiles) -> fmt::Result {
        let Quantiles { count, p50_ms, p95_ms, p99_ms, max_ms } = quantiles;
        writeln!(f, "{what:<20} {p50_ms:>9.2}{p95_ms:>9.2}{p99_ms:>9.2}{max_ms:>9.2}  of {count} orders")
    }

    fn fmt_costs(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Peak memory           orders-service {:.1} MiB, payments-service {:.1} MiB",
            self.memory.orders_service_peak_mib, self.memory.payments_service_peak_mib
        )?;
        writeln!(f, "\nCPU per order, µs")?;
        for share in &self.cpu.groups {
            writeln!(f, "  {:<28}{:>8.1}", share.group.name(), share.per_order_us)?;
        }
        writeln!(
            f,
            "  The machine's cores were busy for {:.0} % of the window; the hypervisor took {:.1} %.",
            self.cpu.busy_share * 100.0,
            self.cpu.stolen_share * 100.0
        )?;
        writeln!(f, "\nItems per batch")?;
        for batch in &self.batches {
            let what = format!("{}: {}", batch.service, batch.what);
            writeln!(f, "  {what:<44}{:>8.1} in {} batches", batch.mean_items, batch.batches)?;
        }
        Ok(())
    }

    fn fmt_verdict(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let audit = &self.audit;
        writeln!(
            f,
            "\nMoney       {} accepted, {} stored, {} FINISHED, {} debited; {} balances are their {} ledger entries",
            audit.accepted,
            audit.stored.orders,
            audit.stored.finished,
            audit.stored.paid,
            audit.stored.accounts,
            audit.stored.entries
        )?;
        if self.is_valid() {
            return writeln!(f, "            exact, with warm-up and window");
        }
        writeln!(f, "\nVOID: these figures do not count.")?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  - {fault}"))
    }
}
