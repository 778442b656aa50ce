package dev.lateen.proxy.admin;

import java.util.Collections;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** Shows and changes how much is logged, in the words of Envoy's {@code /logging}. */
final class LoggingPage {
    private static final Map<String, Level> LEVELS = Map.of(
            "trace", Level.FINEST,
            "debug", Level.FINE,
            "info", Level.INFO,
            "warning", Level.WARNING,
            "warn", Level.WARNING,
            "error", Level.SEVERE,
            "critical", Level.SEVERE,
            "off", Level.OFF);

    /** Keeps loggers whose level was set: the log manager holds them weakly. */
    private final Map<String, Logger> set = new java.util.concurrent.ConcurrentHashMap<>();

    /** {@code ?level=LEVEL} for all, {@code ?LOGGER=LEVEL} for one; without either it only shows. */
    Page answer(Question question) {
        for (Map.Entry<String, String> wish : question.query().entrySet()) {
            Level level = LEVELS.get(wish.getValue());
            if (level == null) {
                return Page.error(
                        400, "error: unknown logger level; use one of " + new java.util.TreeSet<>(LEVELS.keySet()));
            }
            String name = wish.getKey().equals("level") ? "" : wish.getKey();
            Logger logger = Logger.getLogger(name);
            logger.setLevel(level);
            set.put(name, logger);
            for (var handler : Logger.getLogger("").getHandlers()) {
                handler.setLevel(Level.ALL); // the loggers decide
            }
        }
        StringBuilder text = new StringBuilder("active loggers:\n");
        for (String name : Collections.list(LogManager.getLogManager().getLoggerNames()).stream()
                .filter(name -> name.isEmpty() || name.startsWith("dev.lateen"))
                .sorted()
                .toList()) {
            text.append("  ")
                    .append(name.isEmpty() ? "root" : name)
                    .append(": ")
                    .append(word(effective(name)))
                    .append('\n');
        }
        return Page.text(text.toString());
    }

    private static Level effective(String name) {
        for (Logger logger = Logger.getLogger(name); logger != null; logger = logger.getParent()) {
            if (logger.getLevel() != null) {
                return logger.getLevel();
            }
        }
        return Level.INFO;
    }

    private static String word(Level level) {
        if (level.intValue() >= Level.OFF.intValue()) {
            return "off";
        }
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return "error";
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return "warning";
        }
        return level.intValue() >= Level.INFO.intValue()
                ? "info"
                : level.intValue() >= Level.FINE.intValue() ? "debug" : "trace";
    }
}
