package dev.lateen.proxycore.format;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.util.Locale;

/**
 * How a command writes a moment: strftime's conversions (ISO C 7.29.3.5), and {@code %f} and {@code %1f} to {@code %9f} for
 * parts of a second (Envoy documentation, command {@code START_TIME}). Immutable.
 */
final class TimeFormat {
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
            int digits = p;
            while (p < text.length() && Character.isDigit(text.charAt(p))) {
                p++;
            }
            if (p >= text.length()) {
                throw at.refuse("a time format ends within a conversion: " + text);
            }
            conversion(builder, text.substring(digits, p), text.charAt(p++), text, at);
        }
        return new TimeFormat(
                builder.toFormatter(Locale.ENGLISH).withZone(local ? ZoneId.systemDefault() : ZoneOffset.UTC));
    }

    private static void conversion(
            DateTimeFormatterBuilder builder, String digits, char conversion, String text, Place at)
            throws CompileException {
        if (!digits.isEmpty() && (conversion != 'f' || digits.length() > 1 || digits.equals("0"))) {
            throw at.refuse("not supported: conversion %" + digits + conversion + " of time format " + text);
        }
        switch (conversion) {
            case 'Y' -> builder.appendPattern("yyyy");
            case 'y' -> builder.appendPattern("yy");
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
            case 'F' -> builder.appendPattern("yyyy-MM-dd");
            case 'T' -> builder.appendPattern("HH:mm:ss");
            case 'R' -> builder.appendPattern("HH:mm");
            case 'D' -> builder.appendPattern("MM/dd/yy");
            case 'z' -> builder.appendOffset("+HHMM", "+0000");
            case 'Z' -> builder.appendZoneText(TextStyle.SHORT);
            case 's' -> builder.appendValue(ChronoField.INSTANT_SECONDS);
            case 'f' -> {
                int length = digits.isEmpty() ? 9 : Integer.parseInt(digits);
                builder.appendFraction(ChronoField.NANO_OF_SECOND, length, length, false);
            }
            case 'n' -> builder.appendLiteral('\n');
            case 't' -> builder.appendLiteral('\t');
            case '%' -> builder.appendLiteral('%');
            default -> throw at.refuse("not supported: conversion %" + conversion + " of time format " + text);
        }
    }

    String format(Instant moment) {
        return formatter.format(moment);
    }
}
