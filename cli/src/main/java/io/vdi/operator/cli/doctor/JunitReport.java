package io.vdi.operator.cli.doctor;

import java.io.StringWriter;
import java.util.List;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** The report as JUnit XML for CI systems: each check is a test case. */
public final class JunitReport {
  private JunitReport() {}

  public static String of(Report report) {
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(text);
      xml.writeStartDocument("UTF-8", "1.0");
      List<CheckOutcome> rows = report.rows();
      xml.writeStartElement("testsuite");
      xml.writeAttribute("name", "kubectl vdi doctor");
      xml.writeAttribute("tests", String.valueOf(rows.size()));
      xml.writeAttribute("failures", String.valueOf(count(rows, CheckResult.Failed.class)));
      xml.writeAttribute("skipped", String.valueOf(count(rows, CheckResult.Skipped.class)));
      for (CheckOutcome row : rows) {
        write(xml, row);
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("no XML writer", e);
    }
    return text.toString();
  }

  private static void write(XMLStreamWriter xml, CheckOutcome row) throws XMLStreamException {
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", row.layer().title());
    xml.writeAttribute(
        "name", row.title() + row.session().map(session -> " of " + session).orElse(""));
    switch (row.answer()) {
      case CheckResult.Passed _ -> {}
      case CheckResult.Skipped(String reason, _) -> {
        xml.writeEmptyElement("skipped");
        xml.writeAttribute("message", reason);
      }
      case CheckResult.Failed(Finding finding) -> {
        xml.writeStartElement("failure");
        xml.writeAttribute("type", finding.cause().code());
        xml.writeAttribute("message", finding.cause().symptom());
        xml.writeCharacters(
            finding.object()
                + ": "
                + finding.observed()
                + "\n"
                + finding.cause().remedy()
                + "\n"
                + finding.command());
        xml.writeEndElement();
      }
    }
    xml.writeEndElement();
  }

  private static long count(List<CheckOutcome> rows, Class<? extends CheckResult> type) {
    return rows.stream().filter(row -> type.isInstance(row.answer())).count();
  }
}
