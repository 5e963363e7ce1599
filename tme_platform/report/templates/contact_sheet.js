"use strict";
(() => {
  const columns = ["patient_id", "series", "reader", "session", "decision", "comment", "reviewer", "reviewed_at", "outline"];
  const initials = document.getElementById("reviewer");
  const status = document.getElementById("status");
  const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const reviews = () =>
    [...document.querySelectorAll("article[data-patient]")].flatMap((card) => {
      const decision = card.querySelector("input:checked")?.value ?? "";
      const comment = card.querySelector("textarea").value.trim().replace(/\s+/g, " ");
      if (!decision && !comment) return [];
      return [{ ...card.dataset, decision: decision || "comment", comment }];
    });
  const count = () => {
    const n = reviews().length;
    status.textContent = n === 1 ? "1 review to save" : `${n} reviews to save`;
  };
  document.addEventListener("input", count);
  document.getElementById("save").addEventListener("click", () => {
    const reviewer = initials.value.trim();
    if (!reviewer) {
      status.textContent = "Give your initials first.";
      initials.focus();
      return;
    }
    const found = reviews();
    if (!found.length) {
      status.textContent = "No outline has been reviewed yet.";
      return;
    }
    const when = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const rows = found.map((one) =>
      [one.patient, one.series, one.reader, one.session, one.decision, one.comment, reviewer, when, one.outline]
        .map(cell).join(","));
    const file = new Blob([[columns.join(","), ...rows].join("\n") + "\n"], { type: "text/csv" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `reviews_${document.body.dataset.cohort}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
    status.textContent = `${found.length} saved. Next: tme review ${document.body.dataset.cohort} --add ${link.download}`;
  });
  document.querySelector("header .save").hidden = false;
  count();
})();
