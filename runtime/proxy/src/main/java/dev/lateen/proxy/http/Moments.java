package dev.lateen.proxy.http;

import dev.lateen.proxycore.format.FormatContext;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Moments in lines of access logs, where a format gives them no form of its own. */
final class Moments {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter LOCAL_MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx").withZone(ZoneId.systemDefault());

    /** The last second that was asked for: the lines of a second are many, and to write it costs most of a line's time. */
    private static volatile Second last = Second.of(0);

    private record Second(long epoch, String text) {
        static Second of(long epoch) {
            return new Second(epoch, SECONDS.format(Instant.ofEpochSecond(epoch)));
        }
    }

    private Moments() {}

    /** @param argument of the command */
    static String text(Instant moment, String argument, boolean local) {
        if (argument.equals(FormatContext.PRECISE)) {
            return moment.toString();
        }
        return local ? LOCAL_MILLIS.format(moment) : utc(moment);
    }

    private static String utc(Instant moment) {
        Second second = last;
        if (second.epoch != moment.getEpochSecond()) {
            second = Second.of(moment.getEpochSecond());
            last = second;
        }
        int millis = moment.getNano() / 1_000_000;
        String zeros = millis < 10 ? "00" : millis < 100 ? "0" : "";
        return second.text + zeros + millis + "Z";
    }
}
