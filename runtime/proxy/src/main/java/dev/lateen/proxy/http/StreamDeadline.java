package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.listener.StreamLimits;
import java.util.ArrayList;
import java.util.List;

/** When one stream has taken too long. One event loop. */
final class StreamDeadline {
    /** What was exceeded. */
    enum Limit {
        NONE,
        IDLE,
        DURATION,
        REQUEST,
        /** None of the stream's: the proxy is short of memory, and the client takes nothing. */
        OVERLOAD
    }

    /** The stream that is watched. */
    @FunctionalInterface
    interface Watched {
        /** It has taken too long, and is no longer watched. */
        void late();

        /** Whether its answer waits for the client. */
        default boolean behind() {
            return false;
        }
    }

    private final Connection connection;
    private StreamLimits limits;
    private final Watched watched;
    private final long begun;
    private long lastActivity;
    private boolean requestEnded;
    private boolean touched = true;
    private boolean stalled;
    /** Since when its answer waits for the client, as far as that was looked at. */
    private long waitsSince;

    private int position = -1;

    private StreamDeadline(Connection connection, StreamLimits limits, long ago, Watched watched) {
        this.connection = connection;
        this.limits = limits;
        this.watched = watched;
        lastActivity = connection.timer.nanoTime();
        begun = lastActivity - ago;
    }

    /** These limits hold from now on. */
    void follow(StreamLimits others) {
        limits = others;
        touch();
        if (position >= 0) {
            connection.watch(this, connection.timer.nanoTime());
        }
    }

    /** Something was sent or received. */
    void touch() {
        touched = true;
        if (limits.idle() > 0) {
            lastActivity = connection.timer.nanoTime();
        }
    }

    /** The request is here whole. */
    void requestEnded() {
        requestEnded = true;
    }

    /** The stream is over. */
    void end() {
        if (position >= 0) {
            connection.remove(this);
        }
    }

    /** What is exceeded now. */
    Limit exceeded() {
        if (stalled) {
            return Limit.OVERLOAD;
        }
        long now = connection.timer.nanoTime();
        if (limits.duration() > 0 && now - begun >= limits.duration()) {
            return Limit.DURATION;
        }
        if (limits.request() > 0 && !requestEnded && now - begun >= limits.request()) {
            return Limit.REQUEST;
        }
        return limits.idle() > 0 && now - lastActivity >= limits.idle() ? Limit.IDLE : Limit.NONE;
    }

    /** Nanoseconds until something may be exceeded; {@link Long#MAX_VALUE} for never. */
    private long left(long now) {
        long left = limits.idle() > 0 ? limits.idle() - (now - lastActivity) : Long.MAX_VALUE;
        if (limits.duration() > 0) {
            left = Math.min(left, limits.duration() - (now - begun));
        }
        if (limits.request() > 0 && !requestEnded) {
            left = Math.min(left, limits.request() - (now - begun));
        }
        return left;
    }

    /**
     * The streams of one connection, watched with one timer: it is set for the first that can be late and finds out, so
     * that a stream in time costs no timer of its own.
     */
    static final class Connection {
        private final Timer timer;
        private final List<StreamDeadline> open = new ArrayList<>(1);
        private Timer.Timeout alarm = () -> {};
        private boolean set;
        private long alarmAt;

        Connection(Timer timer) {
            this.timer = timer;
        }

        /**
         * A stream begins.
         *
         * @param ago so many nanoseconds before its head was whole
         * @param watched is told when it has taken too long
         */
        StreamDeadline begin(StreamLimits limits, long ago, Watched watched) {
            StreamDeadline stream = new StreamDeadline(this, limits, ago, watched);
            stream.position = open.size();
            open.add(stream);
            watch(stream, stream.lastActivity);
            return stream;
        }

        private void watch(StreamDeadline stream, long now) {
            long left = stream.left(now);
            if (left < Long.MAX_VALUE) {
                watch(now, left);
            }
        }

        /** Ends streams whose answer has waited for the client for so long, with or without limits; how many. */
        int relieve(long patience) {
            long now = timer.nanoTime();
            int ended = 0;
            for (StreamDeadline stream : List.copyOf(open)) {
                if (stream.position < 0) {
                    continue;
                }
                if (stream.touched || !stream.watched.behind()) {
                    stream.touched = false;
                    stream.waitsSince = now;
                } else if (now - stream.waitsSince >= patience) {
                    ended++;
                    stream.stalled = true;
                    remove(stream);
                    stream.watched.late();
                }
            }
            return ended;
        }

        private void remove(StreamDeadline stream) {
            StreamDeadline last = open.removeLast();
            if (!last.equals(stream)) {
                open.set(stream.position, last);
                last.position = stream.position;
            }
            stream.position = -1;
        }

        private void watch(long now, long left) {
            if (set && now + left - alarmAt >= 0) {
                return;
            }
            alarm.cancel();
            set = true;
            alarmAt = now + left;
            alarm = timer.after(left, this::look);
        }

        private void look() {
            set = false;
            for (StreamDeadline stream : List.copyOf(open)) {
                if (stream.position >= 0 && stream.exceeded() != Limit.NONE) {
                    remove(stream);
                    stream.watched.late();
                }
            }
            long now = timer.nanoTime();
            long left = Long.MAX_VALUE;
            for (StreamDeadline stream : open) {
                left = Math.min(left, stream.left(now));
            }
            if (left < Long.MAX_VALUE) {
                watch(now, left);
            }
        }
    }
}
