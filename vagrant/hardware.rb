# frozen_string_literal: true

require_relative 'failure'

module TheAPP
  # Checks whether this computer can run virtual machines. Only Linux on x86 reports it; elsewhere the provider checks.
  module Hardware
    ADVICE = 'enable VT-x (AMD-V, SVM) in the firmware, or nested virtualisation if this is a virtual machine'
    EMULATED = 'or let libvirt emulate the machine, which is slow: THEAPP_LIBVIRT_DRIVER=qemu'

    def self.require_virtualisation(machine)
      provider = machine.provider_name
      emulates = provider == :libvirt && machine.provider_config.driver == 'qemu'
      return if emulates || !%i[virtualbox libvirt].include?(provider) || virtualises?

      todo = provider == :libvirt ? "#{ADVICE}\n  → #{EMULATED}" : ADVICE
      raise Failure.new("#{machine.name}: the processor of this computer does not support virtualisation", todo)
    end

    # The kernel removes the flag if the firmware disables virtualisation.
    def self.virtualises?(cpuinfo = '/proc/cpuinfo')
      flags = File.read(cpuinfo)[/^flags\s*:(.*)$/, 1]
      flags.nil? || (flags.split & %w[vmx svm]).any?
    rescue SystemCallError
      true
    end

    private_class_method :virtualises?
  end
end
