package dev.lateen.proxycore.format;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.time.temporal.WeekFields;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a command writes a moment: strftime's conversions (ISO C 7.29.3.5), {@code %f} and {@code %1f} to {@code %9f} for parts
 * of a second (Envoy documentation, command {@code START_TIME}), and the extended ones of Abseil's FormatTime ({@code
 * %Ez}, {@code %E3S}). Immutable.
 */
final class TimeFormat {
    private static final Pattern CONVERSION = Pattern.compile("(E?)(\\*|[0-9]*)(.)", Pattern.DOTALL);
    private static final Map<Long, String> FROM_SUNDAY =
            Map.of(1L, "1", 2L, "2", 3L, "3", 4L, "4", 5L, "5", 6L, "6", 7L, "0");

    private final DateTimeFormatter formatter;

    private TimeFormat(DateTimeFormatter formatter) {
        this.formatter = formatter;
    }

    /** @param local whether in the time zone of the process, else in UTC */
    static TimeFormat parse(String text, boolean local, Place at) throws CompileException {
        DateTimeFormatterBuilder builder = new DateTimeFormatterBuilder();
        int p = 0;
        while (p < text.length()) {
            char c = text.charAt(p++);
            if (c != '%') {
                builder.appendLiteral(c);
                continue;
            }
            Matcher conversion = CONVERSION.matcher(text).region(p, text.length());
            if (!conversion.lookingAt()) {
                throw at.refuse("a time format ends within a conversion: " + text);
            }
            if (!append(builder, conversion.group(1), conversion.group(2), conversion.group(3))) {
                throw at.refuse("not supported: conversion %" + conversion.group() + " of time format " + text);
            }
            p = conversion.end();
        }
        return new TimeFormat(
                builder.toFormatter(Locale.ENGLISH).withZone(local ? ZoneId.systemDefault() : ZoneOffset.UTC));
    }

    /**
     * Appends what a conversion stands for; false for one that is none. A line end, {@code %n}, is none: what is written
     * may be a header.
     *
     * @param extended {@code E} or nothing
     * @param digits how many digits, {@code *} for all that there are, or nothing
     */
    private static boolean append(DateTimeFormatterBuilder builder, String extended, String digits, String conversion) {
        if (!extended.isEmpty()) {
            return appendExtended(builder, digits, conversion);
        }
        if (!digits.isEmpty()) {
            return conversion.equals("f") && digits.matches("[1-9]") && appendFraction(builder, digits);
        }
        switch (conversion.charAt(0)) {
            case 'Y' -> builder.appendPattern("yyyy");
            case 'y' -> builder.appendPattern("yy");
            case 'G' -> builder.appendValue(IsoFields.WEEK_BASED_YEAR, 4);
            case 'g' -> builder.appendValueReduced(IsoFields.WEEK_BASED_YEAR, 2, 2, 2000);
            case 'V' -> builder.appendValue(IsoFields.WEEK_OF_WEEK_BASED_YEAR, 2);
            case 'U' -> builder.appendValue(WeekFields.of(DayOfWeek.SUNDAY, 7).weekOfYear(), 2);
            case 'W' -> builder.appendValue(WeekFields.of(DayOfWeek.MONDAY, 7).weekOfYear(), 2);
            case 'u' -> builder.appendValue(ChronoField.DAY_OF_WEEK);
            case 'w' -> builder.appendText(ChronoField.DAY_OF_WEEK, FROM_SUNDAY);
            case 'm' -> builder.appendPattern("MM");
            case 'd' -> builder.appendPattern("dd");
            case 'e' -> builder.padNext(2).appendValue(ChronoField.DAY_OF_MONTH);
            case 'j' -> builder.appendPattern("DDD");
            case 'H' -> builder.appendPattern("HH");
            case 'I' -> builder.appendPattern("hh");
            case 'M' -> builder.appendPattern("mm");
            case 'S' -> builder.appendPattern("ss");
            case 'p' -> builder.appendText(ChronoField.AMPM_OF_DAY);
            case 'a' -> builder.appendText(ChronoField.DAY_OF_WEEK, TextStyle.SHORT);
            case 'A' -> builder.appendText(ChronoField.DAY_OF_WEEK, TextStyle.FULL);
            case 'b', 'h' -> builder.appendText(ChronoField.MONTH_OF_YEAR, TextStyle.SHORT);
            case 'B' -> builder.appendText(ChronoField.MONTH_OF_YEAR, TextStyle.FULL);
            case 'c' -> builder.appendPattern("EEE MMM ppd HH:mm:ss yyyy");
            case 'F' -> builder.appendPattern("yyyy-MM-dd");
            case 'T', 'X' -> builder.appendPattern("HH:mm:ss");
            case 'r' -> builder.appendPattern("hh:mm:ss a");
            case 'R' -> builder.appendPattern("HH:mm");
            case 'D', 'x' -> builder.appendPattern("MM/dd/yy");
            case 'z' -> builder.appendOffset("+HHMM", "+0000");
            case 'Z' -> builder.appendZoneText(TextStyle.SHORT);
            case 's' -> builder.appendValue(ChronoField.INSTANT_SECONDS);
            case 'f' -> appendFraction(builder, "9");
            case 't' -> builder.appendLiteral('\t');
            case '%' -> builder.appendLiteral('%');
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Those of the C++ library that Envoy uses: offsets with a colon, seconds and parts of them. */
    private static boolean appendExtended(DateTimeFormatterBuilder builder, String digits, String conversion) {
        switch (digits + conversion) {
            case "z" -> builder.appendOffset("+HH:MM", "+00:00");
            case "*z" -> builder.appendOffset("+HH:MM:ss", "+00:00:00");
            case "4Y" -> builder.appendPattern("yyyy");
            case "T" -> builder.appendLiteral('T');
            case "*S" -> builder.appendPattern("ss").appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true);
            case "*f" -> builder.appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, false);
            default -> {
                if (!digits.matches("[1-9]") || !conversion.matches("[Sf]")) {
                    return false;
                }
                if (conversion.equals("S")) {
                    builder.appendPattern("ss").appendLiteral('.');
                }
                return appendFraction(builder, digits);
            }
        }
        return true;
    }

    private static boolean appendFraction(DateTimeFormatterBuilder builder, String digits) {
        int length = Integer.parseInt(digits);
        builder.appendFraction(ChronoField.NANO_OF_SECOND, length, length, false);
        return true;
    }

    String format(Instant moment) {
        return formatter.format(moment);
    }
}
