package io.vdi.operator.gate.portal.view;

import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import io.vdi.operator.gate.http.Languages;
import java.math.BigDecimal;
import java.text.MessageFormat;
import java.text.NumberFormat;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Locale;
import java.util.Optional;
import java.util.ResourceBundle;

/**
 * The texts of the portal in one language, from {@code Messages.properties}, and the translations
 * of {@link Catalogue}. What the API server says is in English; the pages mark it as such.
 */
public final class Texts {
  static final String BUNDLE = "io.vdi.operator.gate.portal.view.Messages";

  /** There is none for English: those texts are where they are written. */
  static final String CATALOGUE = "io.vdi.operator.gate.portal.view.Catalogue";

  private final Locale locale;
  private final ResourceBundle bundle;
  private final Optional<ResourceBundle> catalogue;

  private Texts(Locale locale) {
    this.locale = locale;
    this.bundle = bundle(BUNDLE, locale);
    this.catalogue = isEnglish() ? Optional.empty() : Optional.of(bundle(CATALOGUE, locale));
  }

  static ResourceBundle bundle(String name, Locale locale) {
    return ResourceBundle.getBundle(
        name,
        // The root bundle is English.
        locale.equals(Locale.ENGLISH) ? Locale.ROOT : locale,
        ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
  }

  /**
   * The texts for a reader.
   *
   * @param acceptLanguage the header of this name; what cannot be read counts as English
   */
  public static Texts of(String acceptLanguage) {
    return new Texts(Languages.of(acceptLanguage));
  }

  /** The value of the attribute {@code lang} of a page. */
  public String lang() {
    return locale.getLanguage();
  }

  /**
   * A text.
   *
   * @param values for {@code {0}}, {@code {1}} …
   */
  public String get(String key, Object... values) {
    return new MessageFormat(bundle.getString(key), locale).format(values);
  }

  /** Whether the texts of the catalogue need no translation. */
  boolean isEnglish() {
    return locale.equals(Locale.ENGLISH);
  }

  /** A translation of the catalogue; empty if there is none, as always in English. */
  Optional<String> catalogue(String key, Object... values) {
    return catalogue
        .filter(translations -> translations.containsKey(key))
        .map(translations -> new MessageFormat(translations.getString(key), locale).format(values));
  }

  /** To what a limit applies. */
  String scope(QuotaScope scope, String name) {
    return get("scope." + scope.name(), name);
  }

  /** {@code 3 h}, {@code 2 h 15 min}, {@code 30 min}, {@code 2 days}. Rounded to minutes. */
  public String duration(Duration duration) {
    long minutes = duration.plusSeconds(30).toMinutes();
    if (minutes < 1) {
      return get("duration.short");
    }
    long days = minutes / (24 * 60);
    long hours = minutes / 60 % 24;
    long rest = minutes % 60;
    if (days > 0) {
      return hours == 0
          ? get("duration.days", days)
          : get("duration.two", get("duration.days", days), get("duration.hours", hours));
    }
    if (hours > 0) {
      return rest == 0
          ? get("duration.hours", hours)
          : get("duration.two", get("duration.hours", hours), get("duration.minutes", rest));
    }
    return get("duration.minutes", rest);
  }

  /** Date and time in UTC, because the gate does not know where the reader is. */
  public String moment(Instant at) {
    return DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT)
            .withLocale(locale)
            .format(at.atOffset(ZoneOffset.UTC))
        + " UTC";
  }

  /** A month, such as {@code November 2026}. */
  String month(YearMonth month) {
    return DateTimeFormatter.ofPattern("LLLL uuuu", locale).format(month);
  }

  /** A day, such as {@code December 1, 2026}. */
  String day(LocalDate day) {
    return DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG).withLocale(locale).format(day);
  }

  /** A number, such as {@code 1,234}. */
  String number(long number) {
    return NumberFormat.getInstance(locale).format(number);
  }

  /** Hours in tenths, rounded down, such as {@code 1,234.5}. */
  String hours(long seconds) {
    NumberFormat format = NumberFormat.getInstance(locale);
    format.setMaximumFractionDigits(1);
    return format.format(BigDecimal.valueOf(seconds / 360, 1));
  }

  /** An amount of a resource, such as {@code 2} or {@code 40 GiB}. */
  String amount(QuotaResource resource, long amount) {
    return resource == QuotaResource.STORAGE
        ? quantity(resource.format(amount))
        : String.valueOf(amount);
  }

  /** {@code 4 GiB} for {@code 4Gi}; other forms stay. */
  String quantity(String quantity) {
    return quantity.matches("\\d{1,9}(\\.\\d{1,3})?[KMGTPE]i")
        ? quantity.substring(0, quantity.length() - 2)
            + "\u00a0"
            + quantity.substring(quantity.length() - 2)
            + "B"
        : quantity;
  }
}
