package dev.lateen.proxy.http;

import dev.lateen.proxycore.format.FormatContext;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Moments in lines of access logs, where a format gives them no form of its own. */
final class Moments {
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter LOCAL_MILLIS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx").withZone(ZoneId.systemDefault());

    private Moments() {}

    /** @param argument of the command */
    static String text(Instant moment, String argument, boolean local) {
        return argument.equals(FormatContext.PRECISE)
                ? moment.toString()
                : (local ? LOCAL_MILLIS : MILLIS).format(moment);
    }
}
