# Sends TCP and UDP to other nodes while they do the same, and says what has not arrived. Only what Debian's and
# Ubuntu's perl-base has, which is on every machine. UDP is heard on a raw socket, behind the host's own filter and
# beside whoever has the port, so that it works before Docker listens and after.
# Ends with 0, or with 3 when something is missing. Arguments: round, seconds, own name, then words peer=NAME=ADDRESS, tcp=PORT@NAME, udp=PORT@NAME+BYTES, listen=PORT.
# A name may begin with the network that is meant, `encrypted/worker1`; addresses may be names to be looked up.
use strict;
use warnings;
use Socket;
use IO::Handle;

my ($round, $seconds, $self, @words) = @ARGV;
my (%address, @tcp, @udp, %listen);
for (@words) {
  if (/^peer=([^=]+)=(.+)$/) { $address{$1} = $2 }
  elsif (/^tcp=(\d+)\@(.+)$/) { push @tcp, [$1, $2] }
  elsif (/^udp=(\d+)\@([^+]+)(?:\+(\d+))?$/) { push @udp, [$1, $2, $3 || 0] }
  elsif (/^listen=(\d+)$/) { $listen{$1} = 1 }
  else { die "$_: what is that?\n" }
}
my @peers = sort keys %address;
my $end = time + $seconds;
$SIG{PIPE} = 'IGNORE';

# A port that somebody has is listened on already.
my @listeners;
for my $port (keys %listen) {
  socket(my $socket, PF_INET, SOCK_STREAM, 6) or die "tcp: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind($socket, sockaddr_in($port, INADDR_ANY)) && listen($socket, 64)) {
    $socket->blocking(0);
    push @listeners, $socket;
  }
}
socket(my $raw, PF_INET, SOCK_RAW, 17) or die "a raw socket: $!\n";
$raw->blocking(0);
socket(my $out, PF_INET, SOCK_DGRAM, 17) or die "udp: $!\n";
$out->blocking(0);

my (%packed, %open, %heard, %content, %why, %trying, %heardAny);
sub packedOf { my $name = shift; $packed{$name} ||= inet_aton($address{$name}) }

# Non-blocking: a connection that is begun in one turn is looked at in the next ones.
sub connectAll {
  for (@tcp) {
    my ($port, $peer) = @$_;
    my $key = "$peer $port/tcp";
    next if $open{$key};
    my $to = packedOf($peer);
    if (!$to) { $why{$key} = "no address for $address{$peer}"; next }
    if (my $socket = $trying{$key}) {
      vec(my $ready = '', fileno $socket, 1) = 1;
      next unless select(undef, $ready, undef, 0);
      delete $trying{$key};
      my $error = unpack 'i', getsockopt($socket, SOL_SOCKET, SO_ERROR);
      if ($error == 0) { $open{$key} = 1; next }
      local $! = $error;
      $why{$key} = "$!";
    } else {
      socket(my $socket, PF_INET, SOCK_STREAM, 6) or die "tcp: $!\n";
      $socket->blocking(0);
      connect $socket, sockaddr_in($port, $to);
      $trying{$key} = $socket;
    }
  }
}

# Whether nothing is missing between this node and that one, as far as this one can tell.
sub content {
  my $peer = shift;
  for (@tcp) { return 0 if $_->[1] eq $peer && !$open{"$peer $_->[0]/tcp"} }
  for (@udp) { return 0 if $_->[1] eq $peer && !$heard{"$peer $_->[0] $_->[2]"} }
  return 1;
}

sub sendAll {
  for (@udp) {
    my ($port, $peer, $size) = @$_;
    my $to = packedOf($peer) or next;
    my $text = "theapp-preflight $round $self $peer $port $size " . content($peer) . ' ';
    $text .= 'x' x ($size - length $text) if $size > length $text;
    # Refused on this side at once: its own filter, or no way there.
    defined send($out, $text, 0, sockaddr_in($port, $to)) or $why{"$peer $port $size"} = "$!";
  }
}

sub hear {
  while (defined recv($raw, my $packet, 4096, 0)) {
    next unless $packet =~ m{theapp-preflight (\S+) (\S+) (\S+/)?(\S+) (\d+) (\d+) (\d) };
    next unless $1 eq $round && $4 eq $self;
    my $peer = ($3 || '') . $2;
    $heard{"$peer $5 $6"} = 1;
    $heardAny{$peer} = 1;
    $content{$peer} = 1 if $7;
  }
}

# All is well when every peer says so too; one that ended before its word came here has been content.
my ($well, $lingers) = (0, 0);
while (time < $end) {
  for my $listener (@listeners) { while (accept(my $one, $listener)) { close $one } }
  connectAll();
  hear();
  sendAll();
  $well = !grep { !content($_) } @peers;
  if ($well && !grep { !$content{$_} } @peers) { last if ++$lingers > 6 }
  select undef, undef, undef, 0.3;
}
exit 0 if $well;
for (@tcp) {
  my ($port, $peer) = @$_;
  next if $open{"$peer $port/tcp"};
  print STDERR "$self -> $peer ($address{$peer}): $port/tcp: ", $why{"$peer $port/tcp"} || 'no answer', "\n";
}
for (@udp) {
  my ($port, $peer, $size) = @$_;
  my $what = $size ? "$port/udp, $size bytes" : "$port/udp";
  my $refused = $why{"$peer $port $size"};
  print STDERR "$self -> $peer ($address{$peer}): $what: $refused\n" if $refused;
  next if $heard{"$peer $port $size"};
  print STDERR "$peer -> $self: $what: nothing arrived\n";
}
for (@peers) { print STDERR "$_ has not been heard at all: is it reachable at $address{$_}?\n" unless $heardAny{$_} }
exit 3;
