# Tests the connections to other nodes over TCP and UDP, while they do the same, and reports what did not arrive.
# It only uses modules of perl-base, which every Debian and Ubuntu has. It receives UDP on a raw socket, which is behind
# the host's packet filter and can share a port, so it works before and after Docker listens on the port.
# Arguments: round, seconds, own name, then peer=NAME=ADDRESS, tcp=PORT@NAME, udp=PORT@NAME+BYTES, listen=PORT.
# A name may have a network as its prefix (`encrypted/worker1`). An address may be a host name.
# The exit code is 0, or 3 if something did not arrive.
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
  else { die "unknown argument: $_\n" }
}
my @peers = sort keys %address;
my $end = time + $seconds;
$SIG{PIPE} = 'IGNORE';

# If a port is in use, another program already listens on it.
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

my (%packed, %open, %heard, %done, %why, %trying, %heardAny);
sub packedOf { my $name = shift; $packed{$name} ||= inet_aton($address{$name}) }

# Non-blocking: a connection that is started in one round of the loop is checked in the next ones.
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

# Whether everything has arrived between this node and the other one, as far as this node can tell.
sub complete {
  my $peer = shift;
  for (@tcp) { return 0 if $_->[1] eq $peer && !$open{"$peer $_->[0]/tcp"} }
  for (@udp) { return 0 if $_->[1] eq $peer && !$heard{"$peer $_->[0] $_->[2]"} }
  return 1;
}

sub sendAll {
  for (@udp) {
    my ($port, $peer, $size) = @$_;
    my $to = packedOf($peer) or next;
    my $text = "theapp-preflight $round $self $peer $port $size " . complete($peer) . ' ';
    $text .= 'x' x ($size - length $text) if $size > length $text;
    # An immediate error comes from this node: its own packet filter, or no route.
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
    $done{$peer} = 1 if $7;
  }
}

# The test has passed when every peer reports the same. A peer that exits before its report arrives has passed too.
my ($well, $lingers) = (0, 0);
while (time < $end) {
  for my $listener (@listeners) { while (accept(my $one, $listener)) { close $one } }
  connectAll();
  hear();
  sendAll();
  $well = !grep { !complete($_) } @peers;
  if ($well && !grep { !$done{$_} } @peers) { last if ++$lingers > 6 }
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
for (@peers) { print STDERR "nothing arrived from $_: is it reachable at $address{$_}?\n" unless $heardAny{$_} }
exit 3;
