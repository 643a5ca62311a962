package io.vdi.operator.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Logs to standard output: one JSON object a line, or plain text on a terminal; {@code
 * VDI_LOGGING_FORMAT} ({@code json}, {@code text}) says otherwise. Logback finds it as a service.
 */
public final class LogbackConfigurator extends ContextAwareBase implements Configurator {
  private static final String INTERRUPTED = InterruptedException.class.getName();

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setEncoder(isText() ? text(context) : json(context));
    console.start();
    ch.qos.logback.classic.Logger root = context.getLogger("ROOT");
    root.setLevel(Level.INFO);
    console.addFilter(new NoEndOfInformers());
    root.addAppender(console);
    // The client's informers tell of every list and watch; ResourceCache says what matters of it.
    context.getLogger("io.kubernetes.client.informer").setLevel(Level.ERROR);
    context.getLogger("io.helidon").setLevel(Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  // JDK 25 still answers null where standard input is no terminal.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isText() {
    String format = System.getenv("VDI_LOGGING_FORMAT");
    return format == null
        ? System.console() != null && System.console().isTerminal()
        : format.equals("text");
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    JsonEncoder json = new JsonEncoder();
    json.setContext(context);
    json.setWithSequenceNumber(false);
    json.setWithNanoseconds(false);
    json.setWithContext(false);
    json.setWithMessage(false);
    json.setWithArguments(false);
    json.setWithFormattedMessage(true);
    json.start();
    return json;
  }

  private static Encoder<ILoggingEvent> text(LoggerContext context) {
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setContext(context);
    text.setPattern("%d{HH:mm:ss.SSS} %-5level %replace(%X{session} ){'^ $', ''}%msg%n");
    text.start();
    return text;
  }

  /** The client's informers tell of their end, when they are told to end, as of an error. */
  private static final class NoEndOfInformers extends Filter<ILoggingEvent> {
    @Override
    public FilterReply decide(ILoggingEvent event) {
      return event.getLoggerName().startsWith("io.kubernetes.client.informer")
              && event.getThrowableProxy() != null
              && event.getThrowableProxy().getClassName().equals(INTERRUPTED)
          ? FilterReply.DENY
          : FilterReply.NEUTRAL;
    }
  }
}
