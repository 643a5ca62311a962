package io.vdi.operator.common.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pure: an English message with values, such as {@code node {0} is NotReady since {1}}. It writes
 * the message, and it reads the values of a message that it has written: so a message in a status
 * can be translated. The placeholders are {@code {0}}, {@code {1}} … in this order.
 */
public final class MessagePattern {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d)}");

  /** The text around the placeholders; one more than there are placeholders. */
  private final List<String> texts;

  private MessagePattern(List<String> texts) {
    this.texts = texts;
  }

  /**
   * @throws IllegalArgumentException if the placeholders are not in their order
   */
  public static MessagePattern of(String pattern) {
    List<String> texts = new ArrayList<>();
    Matcher placeholder = PLACEHOLDER.matcher(pattern);
    int end = 0;
    while (placeholder.find()) {
      if (Integer.parseInt(placeholder.group(1)) != texts.size()) {
        throw new IllegalArgumentException("placeholders out of order: " + pattern);
      }
      texts.add(pattern.substring(end, placeholder.start()));
      end = placeholder.end();
    }
    texts.add(pattern.substring(end));
    return new MessagePattern(List.copyOf(texts));
  }

  /** The number of placeholders. */
  public int size() {
    return texts.size() - 1;
  }

  /** The message with these values, one for each placeholder. */
  public String text(Object... values) {
    if (values.length != size()) {
      throw new IllegalArgumentException(values.length + " values instead of " + size());
    }
    StringBuilder text = new StringBuilder(texts.getFirst());
    for (int i = 0; i < values.length; i++) {
      text.append(values[i]).append(texts.get(i + 1));
    }
    return text.toString();
  }

  /**
   * The values of a message; empty if it is not one of this pattern, or if a value is empty. In
   * linear time: a value ends where the next text of the pattern is for the first time.
   */
  public Optional<List<String>> values(String message) {
    if (size() == 0) {
      return message.equals(texts.getFirst()) ? Optional.of(List.of()) : Optional.empty();
    }
    if (!message.startsWith(texts.getFirst()) || !message.endsWith(texts.getLast())) {
      return Optional.empty();
    }
    int last = message.length() - texts.getLast().length();
    List<String> values = new ArrayList<>();
    int begin = texts.getFirst().length();
    for (int i = 1; i < texts.size(); i++) {
      int end = i == size() ? last : message.indexOf(texts.get(i), begin + 1);
      if (end <= begin) {
        return Optional.empty();
      }
      values.add(message.substring(begin, end));
      begin = end + texts.get(i).length();
    }
    return Optional.of(List.copyOf(values));
  }
}
