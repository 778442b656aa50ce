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
        REQUEST
    }

    private final Connection connection;
    private final StreamLimits limits;
    private final Runnable late;
    private final long begun;
    private long lastActivity;
    private boolean requestEnded;
    private int position = -1;

    private StreamDeadline(Connection connection, StreamLimits limits, long ago, Runnable late) {
        this.connection = connection;
        this.limits = limits;
        this.late = late;
        lastActivity = connection.timer.nanoTime();
        begun = lastActivity - ago;
    }

    /** Something was sent or received. */
    void touch() {
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
         * @param late runs when it has taken too long, at which it is no longer watched
         */
        StreamDeadline begin(StreamLimits limits, long ago, Runnable late) {
            StreamDeadline stream = new StreamDeadline(this, limits, ago, late);
            long now = stream.lastActivity;
            long left = stream.left(now);
            if (left < Long.MAX_VALUE) {
                stream.position = open.size();
                open.add(stream);
                watch(now, left);
            }
            return stream;
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
                    stream.late.run();
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
