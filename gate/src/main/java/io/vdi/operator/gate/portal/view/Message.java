package io.vdi.operator.gate.portal.view;

/**
 * What the cluster, the operator or the gate says, as the pages show it.
 *
 * @param text in the reader's language; empty text if there is nothing to say, or no translation
 * @param original in English, beside a text that does not say everything; otherwise empty text
 */
public record Message(String text, String original) {
  public boolean isEmpty() {
    return text.isEmpty() && original.isEmpty();
  }
}
