package io.vdi.operator.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Logs to standard output: JSON ({@link JsonLogEncoder}), or plain text when standard output is a
 * terminal. The environment variable {@code VDI_LOGGING_FORMAT} ({@code json}, {@code text})
 * overrides this. Logback loads this class as a service.
 */
public final class LogbackConfigurator extends ContextAwareBase implements Configurator {
  private static final String INFORMER = "io.kubernetes.client.informer";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Encoder<ILoggingEvent> encoder = isText() ? text() : new JsonLogEncoder();
    encoder.setContext(context);
    encoder.start();
    Filter<ILoggingEvent> filter = new InformerShutdownFilter();
    filter.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setEncoder(encoder);
    console.addFilter(filter);
    console.start();
    ch.qos.logback.classic.Logger root = context.getLogger("ROOT");
    root.setLevel(Level.INFO);
    root.addAppender(console);
    // The informers log every list and watch; ResourceCache logs their failures once.
    context.getLogger(INFORMER).setLevel(Level.ERROR);
    context.getLogger("io.helidon").setLevel(Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  // System.console() may be null in JDK 25 too, when standard input is not a terminal.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isText() {
    String format = System.getenv("VDI_LOGGING_FORMAT");
    return format == null
        ? System.console() != null && System.console().isTerminal()
        : format.equals("text");
  }

  private static Encoder<ILoggingEvent> text() {
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setPattern("%d{HH:mm:ss.SSS} %-5level %replace(%X{session} ){'^ $', ''}%msg %kvp%n");
    return text;
  }

  /** Informers log an error on normal shutdown; suppresses it. */
  private static final class InformerShutdownFilter extends Filter<ILoggingEvent> {
    @Override
    public FilterReply decide(ILoggingEvent event) {
      return event.getLoggerName().startsWith(INFORMER)
              && event.getThrowableProxy() != null
              && event
                  .getThrowableProxy()
                  .getClassName()
                  .equals(InterruptedException.class.getName())
          ? FilterReply.DENY
          : FilterReply.NEUTRAL;
    }
  }
}
