package dev.lateen.proxy.codec;

import java.util.Arrays;

/** Remembers how the last streams of a connection ended, so that frames which come too late can be told apart. */
final class PastStreams {
    private static final int REMEMBERED = 128;

    /** Ids of streams, the sign tells that this side reset it; 0 for none. */
    private final int[] ids = new int[REMEMBERED];

    private int next;
    private boolean forgot;

    /** How a stream ended. */
    enum End {
        /** This side reset it. */
        RESET_HERE,
        /** The peer ended or reset it, or it is too long ago to know. */
        COMPLETE,
        /** It was skipped: a later one was opened before it. */
        NEVER_THERE
    }

    void add(int id, boolean resetHere) {
        forgot |= ids[next] != 0;
        ids[next] = resetHere ? -id : id;
        next = (next + 1) % REMEMBERED;
    }

    End end(int id) {
        for (int past : ids) {
            if (past == id) {
                return End.COMPLETE;
            }
            if (past == -id) {
                return End.RESET_HERE;
            }
        }
        int oldest = Arrays.stream(ids).map(Math::abs).min().orElse(0);
        return forgot && id < oldest ? End.COMPLETE : End.NEVER_THERE;
    }
}
