# frozen_string_literal: true

require 'yaml'
require_relative 'failure'

module TheAPP
  # The approaches of this checkout, and the ones that a command applies to.
  module Approaches
    ROOT = File.expand_path('..', __dir__)

    # `started?`: whether `vagrant up` without a name starts its machines.
    Approach = Struct.new(:name, :machines, :started) { alias_method :started?, :started }

    # A machine in machines.yml: memory in MiB, disk in GiB. `full_name` is its name in Vagrant.
    Machine = Struct.new(:approach, :name, :first, :memory, :cpus, :disk, :address, :forward, :box) do
      def full_name
        "#{approach}-#{name}"
      end
    end

    # All approaches, so that `vagrant status` shows every running machine; only APPROACH if that is set.
    def self.chosen(wanted = ENV['APPROACH'].to_s, root = ROOT)
      known = Dir.children(File.join(root, 'approaches')).select { |name| File.exist?(file(root, name)) }.sort
      return known.map { |name| approach(root, name, name == known.first) } if wanted.empty?
      return [approach(root, wanted, true)] if known.include?(wanted)

      raise Failure.new("APPROACH=#{wanted}: there is no such approach", "choose one of: #{known.join(', ')}")
    end

    def self.approach(root, name, started)
      entries = read(file(root, name)).fetch('machines')
      machines = entries.each_with_index.map { |(key, values), index| machine(name, key, index.zero?, values || {}) }
      Approach.new(name, machines, started)
    rescue KeyError, NoMethodError, TypeError
      raise Failure.new("approaches/#{name}/machines.yml is invalid",
                        "npm run provision -- #{name} --list explains what is wrong")
    end

    # The same defaults as in provision/machines/machines.ts; a test compares them.
    def self.machine(approach, name, first, values)
      Machine.new(approach, name, first, values.fetch('memory', 1024), values.fetch('cpus', 2),
                  values.fetch('disk', 10), values['address'], values.fetch('forward', {}), values.fetch('box', {}))
    end

    def self.read(file)
      YAML.safe_load(File.read(file, encoding: 'UTF-8'))
    rescue Psych::SyntaxError => e
      raise Failure.new("#{file.delete_prefix("#{ROOT}/")}:#{e.line}:#{e.column}: #{e.problem}")
    end

    def self.file(root, name)
      File.join(root, 'approaches', name, 'machines.yml')
    end

    private_class_method :approach, :machine, :read, :file
  end
end
